# Sourced by what tries a copy from outside: starts one by `make run`, waits until it serves, and stops it at the end.
# PORT and LEARNING_DEV_DIR move it; what it says is in $LEARNING_DEV_DIR.log.
# What is tried is the service; its web application need not be built for that.
export LEARNING_DEV_WEB=off
export PORT="${PORT:-8765}" LEARNING_DEV_DIR="${LEARNING_DEV_DIR:-$(mktemp -d)}"

make run >"$LEARNING_DEV_DIR.log" 2>&1 &
copy=$!
stop() { kill -TERM "$copy" 2>/dev/null || true; wait "$copy" 2>/dev/null || true; }
trap stop EXIT
for _ in $(seq 480); do
  curl -sf -o /dev/null "http://127.0.0.1:$PORT/readyz" && grep -q '^TOKEN=' "$LEARNING_DEV_DIR.log" && break
  kill -0 "$copy" 2>/dev/null || { cat "$LEARNING_DEV_DIR.log"; exit 1; }
  sleep 0.5
done
