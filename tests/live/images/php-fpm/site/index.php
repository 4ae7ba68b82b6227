<?php
echo 'Answer: ' . 6 * 7;
