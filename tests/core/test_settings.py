"""What production refuses to run on: whatever a development copy uses, each by its name and with what to do."""

from typing import Any

import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from learning_devstack.s3_server import ACCESS_KEY_ID
from learning_service.cli.app import app
from learning_service.core.settings import Settings

KEYS = {"issuer": "https://id.example.org", "jwks_url": "https://id.example.org/keys"}
GOOD: dict[str, Any] = {
    "database_url": "postgresql+asyncpg://app:secret@db/learning",
    "redis_url": "redis://:secret@redis:6379/0",
    "public_url": "https://learn.example.org",
    "auth_issuers": [KEYS],
    "secret_keys": ["Cc9NquTrZBcLsHFz7qsHwEwFXhL8dEyK"],
    "s3_access_key_id": "AKIA",
    "s3_secret_access_key": "secret",
    "smtp_url": "smtps://user:secret@mail.example.org:465",
    "mail_from": "learn@example.org",
}
OF_DEVELOPMENT: dict[str, tuple[dict[str, Any], str, str]] = {
    "keys in a file": (
        {"auth_issuers": [{"issuer": "https://dev.example", "jwks_file": "/tmp/jwks.json"}]},
        "AUTH_ISSUERS",
        "give it the https jwks_url",
    ),
    "keys over plain HTTP": (
        {"auth_issuers": [{"issuer": "https://dev.example", "jwks_url": "http://127.0.0.1/jwks"}]},
        "AUTH_ISSUERS",
        "https://dev.example",
    ),
    "an address of this machine": ({"public_url": "http://127.0.0.1:8000"}, "PUBLIC_URL", "set it to"),
    "the key of the development store": ({"s3_access_key_id": ACCESS_KEY_ID}, "S3_ACCESS_KEY_ID", "your store"),
    "a short key": ({"secret_keys": ["development"]}, "SECRET_KEYS", "32 characters"),
    "mails in files": ({"mail_directory": "/tmp/mails"}, "MAIL_DIRECTORY", "set SMTP_URL"),
    "nobody as the sender": ({"mail_from": "learning@localhost"}, "MAIL_FROM", "set it to the sender"),
}  # fmt: skip


@pytest.mark.parametrize("case", OF_DEVELOPMENT)
def test_production_refuses(case: str) -> None:
    values, name, remedy = OF_DEVELOPMENT[case]
    with pytest.raises(ValidationError) as refusal:
        Settings(**{**GOOD, **values})
    [error] = refusal.value.errors()
    assert name in error["msg"]
    assert remedy in error["msg"]
    assert Settings(**{**GOOD, **values, "environment": "development"}).environment == "development"


def test_everything_is_named_at_once_and_no_secret() -> None:
    wrong = {name: value for values, _, _ in OF_DEVELOPMENT.values() for name, value in values.items()}
    with pytest.raises(ValidationError) as refusal:
        Settings(**{**GOOD, **wrong})
    [error] = refusal.value.errors()
    for _, name, _ in OF_DEVELOPMENT.values():
        assert name in error["msg"]
    assert "secret" not in error["msg"]


@pytest.mark.parametrize("name", ["public_url", "redis_url", "auth_issuers", "secret_keys"])
def test_production_does_not_serve_on_a_default(name: str) -> None:
    Settings(**GOOD).refuse_development_defaults()
    partial = {key: value for key, value in GOOD.items() if key != name}
    with pytest.raises(ValueError, match=f"{name.upper()} is not set: .*set it to"):
        Settings(**partial).refuse_development_defaults()
    Settings(**partial, environment="development").refuse_development_defaults()


@pytest.mark.parametrize("command", [["api"], ["worker"]])
def test_api_and_worker_say_what_is_missing(command: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ENVIRONMENT", raising=False)
    monkeypatch.setenv("DATABASE_URL", GOOD["database_url"])
    ended = CliRunner().invoke(app, command)
    assert ended.exit_code != 0
    for name in ("PUBLIC_URL", "REDIS_URL", "AUTH_ISSUERS", "SECRET_KEYS"):
        assert f"{name} is not set" in ended.output
    assert "secret" not in ended.output
