#!/usr/bin/env bash
# Mutation testing of the rules: mutmut changes them in thousands of small ways, in a copy, and runs the tests that
# touch each change. What survives is either a missing test or a change that changes nothing. [tool.mutmut] in
# pyproject.toml says which files and tests; NAMES narrows it ('learning_service.domain.reminders*').
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck disable=SC2086
.venv/bin/mutmut run --max-children "${WORKERS:-2}" ${NAMES:-}
.venv/bin/mutmut results | sed 's/^ *//' | grep -v '^$' | sort >mutants/survivors.txt
.venv/bin/python - <<'PY'
import collections
import json
import pathlib

# mutmut's exit codes: 1 and 3 killed, 0 survived, 33 no test, 36 and 24 out of time (killed).
kept = collections.Counter()
for path in pathlib.Path("mutants/src").rglob("*.meta"):
    feature = "/".join(path.with_suffix("").parts[4:])
    for code in json.loads(path.read_text())["exit_code_by_key"].values():
        verdict = {0: "survived", 33: "no test", None: "not tried"}.get(code, "killed")
        kept[feature, verdict] += 1
total = collections.Counter()
for feature in sorted({feature for feature, _ in kept}):
    row = {verdict: kept[feature, verdict] for verdict in ("killed", "survived", "no test", "not tried")}
    total.update(row)
    tried = row["killed"] + row["survived"] + row["no test"]
    print(f"{feature:44} {100 * row['killed'] / (tried or 1):5.1f} %  {row}")
tried = total["killed"] + total["survived"] + total["no test"]
print(f"{'all':44} {100 * total['killed'] / (tried or 1):5.1f} %  {dict(total)}")
PY
