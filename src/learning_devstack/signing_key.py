"""The key that signs tokens of a development copy; production takes keys from its identity provider."""

import json
from collections.abc import Callable
from pathlib import Path

from learning_devstack.secret_files import write_private

ISSUER = "learning-service-development"
PRIVATE_KEY_FILE = "private.pem"
PUBLIC_KEYS_FILE = "jwks.json"

MakeKey = Callable[[], tuple[str, str, str]]
"""Makes a key pair: the private key as PEM, the public one as a JSON web key set, and its id."""


def keep_signing_key(directory: Path, make_key: MakeKey) -> Path:
    """Make the key at a copy's first start. Returns the file with the public key set."""
    public = directory / "auth" / PUBLIC_KEYS_FILE
    if not public.exists():
        private_pem, key_set, _ = make_key()
        write_private(directory / "auth" / PRIVATE_KEY_FILE, private_pem)
        public.write_text(key_set)
    return public


def read_signing_key(directory: Path) -> tuple[str, str]:
    """The private key as PEM, and its id. Raises OSError when the copy has none."""
    key_set = json.loads((directory / "auth" / PUBLIC_KEYS_FILE).read_text())
    return (directory / "auth" / PRIVATE_KEY_FILE).read_text(), str(key_set["keys"][0]["kid"])
