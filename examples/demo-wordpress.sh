#!/bin/sh
# A WordPress site with 1,000 people, the embedded CRM, everything under .demo/. WORDPRESS_URL is the site's database,
# WORDPRESS_FOLDER the site itself.
set -eu
cd "$(dirname "$0")/.."
rm -rf .demo
mkdir .demo
cp examples/wordpress/reconciler.yaml .demo/
cd .demo

say() { printf '\n### %s\n' "$*"; }
run() { printf '\n$ reconciler %s\n' "$*"; reconciler "$@"; }
site() { printf '\n$ php -r "%s"\n' "$1"; php -r "require getenv('WORDPRESS_FOLDER') . '/wp-load.php'; $1"; }

say 'A WordPress site runs, with 1,000 people and an administrator, and the CRM is empty. What would happen?'
run plan --now 2026-11-22

say 'That is what we want.'
run apply --auto-approve --now 2026-11-22

say 'And now? Nothing is left to do.'
run plan --now 2026-11-22

say 'On the site, one member moves up a level and another becomes a customer.'
site "update_user_meta(1004, 'membership_level', '3');"
site "get_user_by('id', 1006)->set_role('customer');"
run plan --now 2026-11-22

say 'Only that. Meta data has no time of its own: who changed is found by what their rows hold.'
run apply --auto-approve --now 2026-11-22
run plan --now 2026-11-22

say 'All of it lies in .demo/: the file, crm.db and the state under .reconciler/. The site is gone.'
