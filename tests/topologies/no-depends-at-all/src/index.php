<?php $m = new Memcached(); $m->addServer("memcached", 11211);
$pdo = new PDO("mysql:host=db;dbname=x", "root", getenv("P"));
