"""A small OpenID Connect provider: authorization code with PKCE, refresh tokens that turn, a session by cookie."""

import base64
import hashlib
import secrets
from dataclasses import dataclass, field, replace
from html import escape
from typing import Any
from urllib.parse import urlencode

import jwt
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from tests.kit.world import Signer

CLIENT = "learning-web"


@dataclass
class Account:
    """Who signs in: of which organization, as whom, with which name."""

    organization: str
    user: str
    name: str


@dataclass
class Provider:
    """The provider's state and what it was asked for. `ttl` is of access tokens."""

    signer: Signer
    account: Account
    address: str = ""
    redirect_uri: str = ""
    ttl: int = 3600
    refreshes: bool = True
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    refresh_tokens: set[str] = field(default_factory=set)
    sessions: set[str] = field(default_factory=set)
    grants: list[str] = field(default_factory=list)

    def begin(self, account: Account) -> None:
        """Forget everything, for a test of its own."""
        self.account, self.ttl, self.refreshes = account, 3600, True
        for kept in (self.codes, self.refresh_tokens, self.sessions, self.grants):
            kept.clear()

    def app(self) -> FastAPI:
        """The provider's endpoints."""
        app = FastAPI()
        app.add_api_route("/.well-known/openid-configuration", self._configuration)
        app.add_api_route("/authorize", self._authorize, response_model=None)
        app.add_api_route("/token", self._token, methods=["POST"], response_model=None)
        app.add_api_route("/favicon.ico", lambda: Response(status_code=204), response_model=None)
        app.add_api_route("/end", self._end, response_model=None)
        return app

    async def _configuration(self) -> JSONResponse:
        document = {
            "issuer": self.address,
            "authorization_endpoint": f"{self.address}/authorize",
            "token_endpoint": f"{self.address}/token",
            "end_session_endpoint": f"{self.address}/end",
            "jwks_uri": f"{self.address}/jwks",
            "id_token_signing_alg_values_supported": ["EdDSA"],
            "code_challenge_methods_supported": ["S256"],
        }
        return JSONResponse(document, headers={"Access-Control-Allow-Origin": "*"})

    async def _authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        wrong = (
            asked.get("response_type") != "code"
            or asked.get("client_id") != CLIENT
            or asked.get("redirect_uri") != self.redirect_uri
            or asked.get("code_challenge_method") != "S256"
            or not asked.get("state")
        )
        if wrong:
            return JSONResponse({"error": "invalid_request"}, 400)
        session = request.cookies.get("session")
        if session not in self.sessions and "password" not in asked:
            again = escape(f"/authorize?{urlencode({**asked, 'password': 'right'})}")
            return HTMLResponse(
                f'<h1>Who are you?</h1><a href="{again}">I am {escape(self.account.name)}</a>'
            )
        code = secrets.token_urlsafe()
        self.codes[code] = asked
        answer = urlencode({"code": code, "state": asked["state"], "iss": self.address})
        response = RedirectResponse(f"{self.redirect_uri}?{answer}", 303)
        session = secrets.token_urlsafe()
        self.sessions.add(session)
        response.set_cookie("session", session)
        return response

    async def _token(self, request: Request) -> Response:
        form = await request.form()
        headers = {"Access-Control-Allow-Origin": "*", "Cache-Control": "no-store"}
        grant = str(form.get("grant_type"))
        nonce = None
        if grant == "authorization_code":
            asked = self.codes.pop(str(form.get("code")), {})
            digest = hashlib.sha256(str(form.get("code_verifier")).encode()).digest()
            challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            good = asked.get("code_challenge") == challenge and form.get("redirect_uri") == self.redirect_uri
            nonce = asked.get("nonce")
        else:
            token = str(form.get("refresh_token"))
            good = grant == "refresh_token" and token in self.refresh_tokens
            self.refresh_tokens.discard(token)
        if not good or form.get("client_id") != CLIENT:
            return JSONResponse({"error": "invalid_grant"}, 400, headers=headers)
        self.grants.append(grant)
        return JSONResponse(self._tokens(nonce), headers=headers)

    def _tokens(self, nonce: str | None) -> dict[str, Any]:
        signer = replace(self.signer, issuer=self.address)
        who = self.account
        given: dict[str, Any] = {
            "access_token": signer.token(who.organization, who.user, name=who.name, ttl=self.ttl),
            "token_type": "Bearer",
            "expires_in": self.ttl,
        }
        if nonce:
            given["id_token"] = self._identity(given["access_token"], nonce)
        if self.refreshes:
            given["refresh_token"] = secrets.token_urlsafe()
            self.refresh_tokens.add(given["refresh_token"])
        return given

    def _identity(self, access_token: str, nonce: str) -> str:
        times = jwt.decode(access_token, options={"verify_signature": False})
        claims = {
            "iss": self.address,
            "sub": self.account.user,
            "aud": CLIENT,
            "nonce": nonce,
            "name": self.account.name,
            "iat": times["iat"],
            "exp": times["iat"] + 600,
        }
        return jwt.encode(claims, self.signer.private_key, "EdDSA", {"kid": self.signer.key_id})

    async def _end(self, request: Request) -> Response:
        self.sessions.discard(request.cookies.get("session", ""))
        return RedirectResponse(request.query_params["post_logout_redirect_uri"], 303)
