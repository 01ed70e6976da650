<?php
// An installed site, and the application password of its administrator on stdout. Arguments: its folder, its host.
$_SERVER += ['HTTP_HOST' => $argv[2], 'REQUEST_URI' => '/', 'SERVER_PROTOCOL' => 'HTTP/1.1'];
$_SERVER['HTTP_HOST'] = $argv[2];
define('WP_INSTALLING', true);
require $argv[1] . '/wp-load.php';
require ABSPATH . 'wp-admin/includes/upgrade.php';
add_filter('pre_wp_mail', '__return_true');
wp_install('Test', 'admin', 'admin@example.org', false, '', wp_generate_password(24));
update_option('permalink_structure', '/%postname%/'); // so that there is a /wp-json/
add_role('customer', 'Customer', ['read' => true]); // as a shop does
echo WP_Application_Passwords::create_new_application_password(1, ['name' => 'tests'])[0];
