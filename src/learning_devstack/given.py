"""Parts that run elsewhere and whose addresses were given."""

import os
import subprocess
import sys
from collections.abc import Mapping

from learning_devstack.process import StartError
from learning_service.core.addresses import driver_url


def service_database_url(url: str) -> str:
    """The address in the form that the service's settings want. Raises StartError for another database."""
    try:
        return driver_url(url)
    except ValueError as error:
        raise StartError(str(error)) from None


def make_bucket_in_given_store(bucket: str, given: Mapping[str, str]) -> None:
    """Make the bucket in the store at S3_ENDPOINT_URL unless it is there. Raises StartError when it cannot
    be.

    In a process of its own: loading the S3 client takes longer than the whole rest of a start, and only
    this needs it.
    """
    answer = subprocess.run(
        [sys.executable, "-m", "learning_service.cli.app", "bucket"],
        env={**os.environ, **given, "S3_BUCKET": bucket},
        capture_output=True,
        text=True,
    )
    if answer.returncode != 0:
        raise StartError((answer.stderr or answer.stdout).strip())
