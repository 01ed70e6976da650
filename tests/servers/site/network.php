<?php
// The installed site becomes the first of a network. Arguments: its folder, its host.
$_SERVER += ['REQUEST_URI' => '/', 'SERVER_PROTOCOL' => 'HTTP/1.1'];
$_SERVER['HTTP_HOST'] = $argv[2];
define('WP_INSTALLING', true);
require $argv[1] . '/wp-load.php';
require ABSPATH . 'wp-admin/includes/upgrade.php';
foreach ($wpdb->tables('ms_global') as $table => $name) {
    $wpdb->$table = $name;
}
install_network();
$said = populate_network(1, $argv[2], 'admin@example.org', 'Test', '/', false);
if (is_wp_error($said) && $said->get_error_code() !== 'no_wildcard_dns') {
    fwrite(STDERR, $said->get_error_message());
    exit(1);
}
