<?php
// Of a site that tests start: everything that differs is in `site.json`, beside the folder that is served.
$site = json_decode(file_get_contents(dirname(__DIR__) . '/site.json'), true);
foreach ($site['constants'] as $name => $value) {
    define($name, $value);
}
foreach (['AUTH', 'SECURE_AUTH', 'LOGGED_IN', 'NONCE'] as $name) {
    define($name . '_KEY', md5($name));
    define($name . '_SALT', md5('salt' . $name));
}
define('DB_CHARSET', 'utf8mb4');
define('DB_COLLATE', '');
define('WP_ENVIRONMENT_TYPE', 'local'); // or it takes no application password without TLS
define('WP_HTTP_BLOCK_EXTERNAL', true);
define('AUTOMATIC_UPDATER_DISABLED', true);
define('DISABLE_WP_CRON', true);
$table_prefix = $site['prefix'];
if (!defined('ABSPATH')) {
    define('ABSPATH', __DIR__ . '/');
}
require_once ABSPATH . 'wp-settings.php';
