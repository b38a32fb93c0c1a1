"""Runs a command beside parts (PostgreSQL, Redis, S3) that live as long as it does; tests in it use them."""

import json
import os
import subprocess
import sys

from learning_devstack.parts import start_throwaway_parts

parts = start_throwaway_parts()
try:
    given = {**os.environ, "LEARNING_TEST_PARTS": json.dumps(parts.environment())}
    sys.exit(subprocess.call(sys.argv[1:], env=given))  # noqa: S603 - the caller's own words
finally:
    parts.stop()
