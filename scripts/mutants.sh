#!/usr/bin/env bash
# Mutation testing of the rules, of submitting, claiming and access: mutmut changes them in thousands of small ways,
# in a copy, and runs the tests that touch each change. What survives is either a missing test or a change that changes
# nothing. [tool.mutmut] in pyproject.toml says which files and tests. NAMES narrows it
# ('learning_service.domain.reminders*'), SAMPLE takes so many changes at random, WORKERS is how many at once.
# Tests with a database use one set of parts that lives as long as this.
set -euo pipefail
cd "$(dirname "$0")/.."
names="${NAMES:-}"
if [ -n "${SAMPLE:-}" ]; then
  # The changes have names once they are made; a pattern that is one rule's makes them all.
  .venv/bin/python scripts/with_parts.py .venv/bin/mutmut run --max-children 1 'learning_service.domain.courses.rules.scores*'
  names=$(.venv/bin/python scripts/mutants.py sample "$SAMPLE" $names)
fi
# shellcheck disable=SC2086
.venv/bin/python scripts/with_parts.py .venv/bin/mutmut run --max-children "${WORKERS:-2}" $names
.venv/bin/mutmut results | sed 's/^ *//' | grep -v '^$' | sort >mutants/survivors.txt
.venv/bin/python scripts/mutants.py table
