"""A development copy with tiny services, run by the tests as a program: `little_copy.py DIRECTORY PORT`.

Its worker starts a process of its own in another session, as one that converts documents does.
"""

import sys
from pathlib import Path

from learning_devstack.development import Command, Plan, run_development_copy

API = """
import http.server, os
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"ready")
    def log_message(self, *arguments):
        pass
http.server.HTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()
"""
WORKER = """
import subprocess, sys, time
subprocess.Popen(["sleep", "600"], start_new_session=True)
time.sleep(600)
"""
PREPARATION = """
import os
print("prepared for", os.environ["DATABASE_URL"])
raise SystemExit(int(os.environ.get("PREPARATION_FAILS", "0")))
"""


def main() -> int:
    """Run until told to stop."""
    # Copies are registered under the prefix; the commands of this checkout must not find those of tests.
    sys.prefix = sys.argv[1]
    plan = Plan(
        preparations=[Command("preparation", [sys.executable, "-c", PREPARATION])],
        services=[
            Command("api", [sys.executable, "-c", API]),
            Command("worker", [sys.executable, "-c", WORKER]),
        ],
        ready_path="/readyz",
        make_key=lambda: ("private key", '{"keys": [{"kid": "little"}]}', "little"),
        welcome=lambda environment: f"WELCOME {environment['PUBLIC_URL']}",
    )
    return run_development_copy(Path(sys.argv[1]), int(sys.argv[2]), plan)


if __name__ == "__main__":
    sys.exit(main())
