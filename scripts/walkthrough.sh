#!/usr/bin/env bash
# Does what a newcomer does: starts a copy with `make run`, pastes the README's walk-through, and looks at what
# came of it. Then SIGTERM has to stop everything. Run from the checkout; PORT and LEARNING_DEV_DIR move it.
set -euo pipefail
cd "$(dirname "$0")/.."
export PORT="${PORT:-8765}" LEARNING_DEV_DIR="${LEARNING_DEV_DIR:-$(mktemp -d)}"

make run >"$LEARNING_DEV_DIR.log" 2>&1 &
copy=$!
stop() { kill -TERM "$copy" 2>/dev/null || true; wait "$copy" 2>/dev/null || true; }
trap stop EXIT
for _ in $(seq 240); do
  curl -sf -o /dev/null "http://127.0.0.1:$PORT/readyz" && grep -q '^TOKEN=' "$LEARNING_DEV_DIR.log" && break
  kill -0 "$copy" 2>/dev/null || { cat "$LEARNING_DEV_DIR.log"; exit 1; }
  sleep 0.5
done

rm -f certificate.pdf
sed -n '/^## From a token/,/^## Where/p' README.md | sed -n '/^```bash$/,/^```$/{/^```/d;p}' >"$LEARNING_DEV_DIR.walk"
bash -e "$LEARNING_DEV_DIR.walk"
head -c 5 certificate.pdf | grep -q '%PDF-' || { echo "walkthrough: no certificate"; exit 1; }
rm -f certificate.pdf

stop
trap - EXIT
if curl -s -o /dev/null -m 2 "http://127.0.0.1:$PORT/healthz"; then echo "walkthrough: still running"; exit 1; fi
echo "walkthrough: from the README to a certificate, and stopped"
