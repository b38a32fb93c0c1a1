"""How much is done: `FAULTS=short` for CI, everything and `FAULTS_RUNS` runs of each fault otherwise."""

import os

SHORT = os.environ.get("FAULTS", "full") == "short"
RUNS = 1 if SHORT else int(os.environ.get("FAULTS_RUNS", "1"))
FORM = "short form" if SHORT else f"full form, {RUNS} run{'s' if RUNS > 1 else ''} of each fault"
