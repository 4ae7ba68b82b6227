<?php
define('DB_HOST', 'db');
$manager = new MongoDB\Driver\Manager("mongodb://mongo:27017");
