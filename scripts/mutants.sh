#!/usr/bin/env bash
# Mutation testing of the rules, of submitting, claiming and access: mutmut changes them in thousands of small ways,
# in a copy, and runs the tests that touch each change. What survives is either a missing test or a change that changes
# nothing. [tool.mutmut] in pyproject.toml says which files and tests.
#
# The rules are tried by the tests that need no database; the others by those that do as well, on one set of parts that
# lives as long as they take. What runs out of time is tried once more, alone, since a machine may stand still.
#
# WHAT="rules submit claim access" chooses; SAMPLE=100 takes so many changes of each at random; WORKERS is how many run
# at once; NAMES='learning_service.domain.reminders.rules*' tries some by name instead, without a database.
set -euo pipefail
cd "$(dirname "$0")/.."
what="${WHAT:-rules submit claim access}"
workers="${WORKERS:-2}"

try() { # with `pure` tests or with `parts`, so many at once, changes…
  local with=()
  [ "$1" = pure ] || with=(.venv/bin/python scripts/with_parts.py)
  LEARNING_MUTATION="$1" "${with[@]}" .venv/bin/mutmut run --max-children "$2" "${@:3}"
}

try_groups() { # with `pure` tests or with `parts`, groups…
  local names again
  mapfile -t names < <(.venv/bin/python scripts/mutants.py names "${@:2}" ${SAMPLE:-})
  try "$1" "$workers" "${names[@]}"
  mapfile -t again < <(.venv/bin/python scripts/mutants.py again "${@:2}")
  [ ${#again[@]} = 0 ] || try "$1" 1 "${again[@]}"
}

if [ -n "${NAMES:-}" ]; then
  # shellcheck disable=SC2086
  try pure "$workers" $NAMES
else
  # The changes have names once they are made; trying one rule's makes them all.
  try pure "$workers" 'learning_service.domain.questions.rules.scores*'
  [[ " $what " != *" rules "* ]] || try_groups pure rules
  beside=${what/rules/}
  # shellcheck disable=SC2086
  [ -z "${beside// /}" ] || try_groups parts $beside
fi
.venv/bin/mutmut results | sed 's/^ *//' | grep -v '^$' | sort >mutants/survivors.txt
.venv/bin/python scripts/mutants.py table
