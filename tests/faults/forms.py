"""How much is done: `FAULTS=short` for CI; otherwise everything, and `FAULTS_RUNS` runs of each fault.

`FAULTS_STRIDE`: the crash-point walk dies at each so-manieth point.
"""

import os

SHORT = os.environ.get("FAULTS", "full") == "short"
RUNS = 1 if SHORT else int(os.environ.get("FAULTS_RUNS", "1"))
STRIDE = int(os.environ.get("FAULTS_STRIDE", "8" if SHORT else "1"))
FORM = "short form" if SHORT else f"full form, {RUNS} run{'s' if RUNS > 1 else ''} of each fault"
