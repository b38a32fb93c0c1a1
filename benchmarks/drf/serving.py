"""Django as a team would run it: gunicorn, one worker with threads, connections kept on both sides."""

import secrets
import sys

from benchmarks.stage import Server, Stage

from learning_devstack.ports import choose

THREADS = 8


def serve_drf(stage: Stage, database: str) -> Server:
    """Start it."""
    port = choose()
    options = ["--workers", "1", "--worker-class", "gthread", "--threads", str(THREADS), "--keep-alive", "75"]
    options += ["--bind", f"127.0.0.1:{port}", "--worker-tmp-dir", str(stage.directory)]
    environment = {
        "DRF_DATABASE_URL": stage.plain_url(database),
        "DRF_JWKS_FILE": str(stage.directory / "jwks.json"),
        "DRF_SECRET_KEY": secrets.token_hex(32),
        "DJANGO_SETTINGS_MODULE": "benchmarks.drf.settings",
    }
    argv = [sys.executable, "-m", "gunicorn", *options, "django.core.wsgi:get_wsgi_application()"]
    return stage.serve("drf", argv, environment, port=port)
