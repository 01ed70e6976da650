#!/bin/sh
# The whole story on real files: 1,000 people, the embedded CRM, everything under .demo/.
set -eu
cd "$(dirname "$0")/.."
rm -rf .demo
mkdir .demo
cp examples/demo/reconciler.yaml examples/demo/people.csv .demo/
cd .demo

say() { printf '\n### %s\n' "$*"; }
run() { printf '\n$ reconciler %s\n' "$*"; reconciler "$@"; }

say 'A file says what the CRM must look like, a CSV holds 1,000 people, and the CRM is empty. What would happen?'
run plan --now 2026-11-22

say 'That is what we want.'
run apply --auto-approve --now 2026-11-22

say 'And now? Nothing is left to do. What could not be read is still named, and nothing of it was guessed.'
run plan --now 2026-11-22

say 'One change in the file (a new tag) and one in the data (person 1004 ordered again and moved up a plan).'
sed -i.bak 's/^tags:$/tags:\
  Regular: {when: "orders >= 5"}/' reconciler.yaml
awk -F, 'BEGIN { OFS = "," } $1 == 1004 { $8 = 3; $12 = $12 + 4 } { print }' people.csv >people.new
mv people.new people.csv
diff reconciler.yaml.bak reconciler.yaml || true
run plan --now 2026-11-22

say 'Only that.'
run apply --auto-approve --now 2026-11-22
run plan --now 2026-11-22

say 'All of it lies in .demo/: the file, the data, crm.db and the state under .reconciler/.'
