#!/usr/bin/env bash
# Does what a newcomer does: starts a copy with `make run`, pastes the README's walk-through, and looks at what
# came of it. Then SIGTERM has to stop everything. Run from the checkout; PORT and LEARNING_DEV_DIR move it.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/copy.sh

rm -f certificate.pdf
sed -n '/^## From a token/,/^## Where/p' README.md | sed -n '/^```bash$/,/^```$/{/^```/d;p}' >"$LEARNING_DEV_DIR.walk"
bash -e "$LEARNING_DEV_DIR.walk"
head -c 5 certificate.pdf | grep -q '%PDF-' || { echo "walkthrough: no certificate"; exit 1; }
rm -f certificate.pdf

stop
trap - EXIT
if curl -s -o /dev/null -m 2 "http://127.0.0.1:$PORT/healthz"; then echo "walkthrough: still running"; exit 1; fi
echo "walkthrough: from the README to a certificate, and stopped"
