"""Stateless bearer tokens, as the JWT packages for REST framework do them."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

_KEYS = {
    entry["kid"]: jwt.PyJWK(entry).key
    for entry in json.loads(Path(os.environ["DRF_JWKS_FILE"]).read_text())["keys"]
}


@dataclass(frozen=True)
class TokenUser:
    """Who the token says is asking."""

    organization_id: str
    user_id: str
    is_authenticated: bool = True


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer …`, signed by the platform."""

    def authenticate(self, request: Request) -> tuple[TokenUser, dict[str, Any]] | None:
        """The caller. Raises AuthenticationFailed."""
        words = get_authorization_header(request).split()
        if len(words) != 2 or words[0].lower() != b"bearer":
            return None
        try:
            key = _KEYS[jwt.get_unverified_header(words[1])["kid"]]
            claims = jwt.decode(words[1], key, algorithms=["EdDSA"], audience="learning-service")
        except (jwt.PyJWTError, KeyError) as error:
            raise AuthenticationFailed("The token does not hold.") from error
        return TokenUser(claims["org_id"], claims["sub"]), claims

    def authenticate_header(self, request: Request) -> str:
        """For 401."""
        return "Bearer"
