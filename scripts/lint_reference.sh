#!/usr/bin/env bash
# The reference as two linters see it, with the rules of redocly.yaml and .spectral.yaml. Any word of theirs is a fault.
set -euo pipefail
cd "$(dirname "$0")/.."
# Neither asks another host whether it is the newest of its kind, or tells one that it ran.
export REDOCLY_SUPPRESS_UPDATE_NOTICE=true REDOCLY_TELEMETRY=off
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
[ -x node_modules/.bin/redocly ] || npm ci --silent --ignore-scripts --no-audit --no-fund
.venv/bin/learning-service openapi >"$scratch/openapi.json"
# Its warnings do not change its exit code, and it talks of the age of node, so we read what it found.
node_modules/.bin/redocly lint --config redocly.yaml --format json "$scratch/openapi.json" \
  >"$scratch/found.json" 2>"$scratch/log" || [ -s "$scratch/found.json" ] || { cat "$scratch/log"; exit 1; }
.venv/bin/python - "$scratch/found.json" <<'PYTHON'
import json
import sys

with open(sys.argv[1]) as file:
    problems = json.load(file)["problems"]
for one in problems:
    print(one["ruleId"], one["location"][0].get("pointer", ""), one["message"])
sys.exit(bool(problems))
PYTHON
node_modules/.bin/spectral lint --ruleset .spectral.yaml --quiet --fail-severity hint --fail-on-unmatched-globs \
  "$scratch/openapi.json"
