"""Secrets as they are stored: under a key that no dump, log or backup of the database holds.

Each is sealed by the first of the keys and says by which, so that keys can be changed one after the other. It opens
only where it belongs: moved to another row, it is refused.
"""

import hashlib
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_MARK = "sealed"
_NONCE_BYTES = 12


class Unsealable(Exception):
    """The secret was sealed by a key that is not among ours, or was changed; the text names the key's id only."""


class Seal:
    """Seals and opens with these keys of 32 bytes: the first one seals, each opens what it has sealed."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = {_id_of(key): AESGCM(key) for key in keys}
        self.key_id = _id_of(keys[0]) if keys else None
        """Of the key that seals; None where none is given."""

    @property
    def prefix(self) -> str:
        """How everything begins that needs no sealing anew."""
        return f"{_MARK}:{self.key_id}:"

    def seal(self, secret: str, place: str) -> str:
        """The secret as it may be stored at this place. Raises Unsealable where no key is given."""
        if self.key_id is None:
            raise Unsealable("no key is given: set SECRET_KEYS")
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = self._keys[self.key_id].encrypt(nonce, secret.encode(), place.encode())
        return self.prefix + urlsafe_b64encode(nonce + sealed).decode()

    def open(self, stored: str, place: str) -> str:
        """The secret that is stored here; one of before there were keys is plain. Raises Unsealable."""
        mark, _, rest = stored.partition(":")
        if mark != _MARK:
            return stored
        key_id, _, text = rest.partition(":")
        if key_id not in self._keys:
            raise Unsealable(f"no key {key_id} is given")
        try:
            octets = urlsafe_b64decode(text)
            return (
                self._keys[key_id]
                .decrypt(octets[:_NONCE_BYTES], octets[_NONCE_BYTES:], place.encode())
                .decode()
            )
        except (InvalidTag, ValueError) as error:
            raise Unsealable(f"key {key_id} does not open it") from error

    def __repr__(self) -> str:
        return f"Seal({self.key_id})"


def _id_of(key: bytes) -> str:
    """Tells keys apart and says nothing of them."""
    return hashlib.sha256(b"id of a sealing key\0" + key).hexdigest()[:12]
