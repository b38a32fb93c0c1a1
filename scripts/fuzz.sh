#!/usr/bin/env bash
# Lets schemathesis try the whole OpenAPI document, with its links, on a copy started by `make run`: examples,
# coverage, fuzzing and stateful walks, as each role in turn. Fails on any 5xx, on a status or a shape that the document
# does not name, on what it gets past a login. FUZZ_SECONDS is the time for all roles together; FUZZ_SEED
# makes a run like an earlier one; PORT and LEARNING_DEV_DIR move the copy.
set -euo pipefail
cd "$(dirname "$0")/.."
PORT="${PORT:-8766}"
seconds="${FUZZ_SECONDS:-300}"
. scripts/copy.sh
reports="$LEARNING_DEV_DIR.fuzz"
mkdir -p "$reports"

# Which sentence of a filter or a cadence is a good one the document cannot say, so good data may be refused. Two paths
# overlap (`/members/batch/` is also `/members/{user_id}/`), so a 405 may name more methods than one of them has.
skipped=positive_data_acceptance,unsupported_method,allow_header_conformance
failed=0
try() {
  local name="$1" share="$2" token
  shift 2
  token=$(.venv/bin/learning-service token --org demo --ttl 36000 "$@")
  if .venv/bin/schemathesis --config-file scripts/fuzz.toml run "http://127.0.0.1:$PORT/openapi.json" -H "Authorization: Bearer $token" \
    --max-time $((seconds * share / 100)) --continue-on-failure --no-color --warnings off --request-timeout 30 \
    --exclude-checks "$skipped" ${FUZZ_SEED:+--seed "$FUZZ_SEED"} >"$reports/$name.txt" 2>&1; then
    printf '%-16s %s\n' "$name" "$(grep -E 'generated' "$reports/$name.txt" || tail -1 "$reports/$name.txt")"
  else
    failed=1
    printf '%-16s FAILED\n' "$name"
    sed -n "/= FAILURES =/,\$p;/= ERRORS =/,\$p" "$reports/$name.txt" | cut -c 1-2000
  fi
}
try national_admin 40 --user demo-admin --role national_admin
try member 20 --user demo-learner
try service 15 --user platform --scope directory:write --scope reports:read --scope webhooks:manage --scope events:read
try chapter_admin 10 --user chair --role chapter_admin:alpha
try grader 15 --user gil --role grader

if grep -l '"event": "accident"\|Traceback' "$LEARNING_DEV_DIR"/logs/*; then
  echo "fuzz: an accident in the logs above"; failed=1
fi
[ "$failed" = 0 ] && echo "fuzz: nothing but what the document says, in $seconds s"
exit "$failed"
