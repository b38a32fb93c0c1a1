"""Every secret may come from a file."""

import json
import traceback
from pathlib import Path

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from learning_service.cli.app import app
from learning_service.core.settings import Settings

SECRET = "hunter2!§ and thirty-two characters more"


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment without a setting of ours."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("DATABASE_URL", "postgresql+asyncpg://app@db/learning")
    return monkeypatch


@pytest.mark.parametrize(
    "name", [n for n, f in Settings.model_fields.items() if "SecretStr" in str(f.annotation)]
)
def test_a_secret_comes_from_its_file(environment: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    file = tmp_path / "secret"
    several = name == "secret_keys"
    file.write_text(json.dumps([SECRET]) if several else f"{SECRET}\n")
    environment.setenv(f"{name.upper()}_FILE", str(file))
    environment.setenv("ENVIRONMENT", "development")
    value = getattr(Settings(), name)
    [value] = value if several else [value]
    assert isinstance(value, SecretStr)
    assert value.get_secret_value() == SECRET


def test_addresses_and_lists_come_from_files_too(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, text in (
        ("DATABASE_URL", "postgresql+asyncpg://app:x@db/learning"),
        ("CORS_ORIGINS", '["https://a.b"]'),
    ):
        (tmp_path / name).write_text(text + "\r\n")
        environment.delenv(name, raising=False)
        environment.setenv(f"{name}_FILE", str(tmp_path / name))
    settings = Settings()
    assert settings.database_url == "postgresql+asyncpg://app:x@db/learning"
    assert settings.cors_origins == ["https://a.b"]


def test_two_sources_and_a_lost_file_are_refused(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    environment.setenv("DATABASE_URL_FILE", str(tmp_path / "nowhere"))
    with pytest.raises(ValueError, match="DATABASE_URL and DATABASE_URL_FILE are both set"):
        Settings()
    environment.delenv("DATABASE_URL")
    with pytest.raises(ValueError, match=r"DATABASE_URL_FILE: .*nowhere cannot be read"):
        Settings()
    answer = CliRunner().invoke(app, ["migrate"])
    assert answer.exit_code == 2
    assert "DATABASE_URL_FILE" in answer.output


@pytest.mark.parametrize("name", Settings.model_fields)
def test_a_file_that_is_empty_is_refused(environment: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    environment.delenv("DATABASE_URL")
    for text in ("", "\n", "\r\n", "\ufeff\n"):
        (tmp_path / "empty").write_text(text, "utf-8")
        environment.setenv(f"{name.upper()}_FILE", str(tmp_path / "empty"))
        with pytest.raises(ValueError, match=f"{name.upper()}_FILE: .*empty is empty"):
            Settings()


def test_a_file_may_begin_with_a_byte_order_mark(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "marked").write_text(SECRET + "\r\n", "utf-8-sig")
    environment.setenv("S3_SECRET_ACCESS_KEY_FILE", str(tmp_path / "marked"))
    found = Settings().s3_secret_access_key
    assert found is not None
    assert found.get_secret_value() == SECRET


@pytest.mark.parametrize("name", ["secret_keys", "auth_issuers", "cors_origins", "trusted_proxies"])
def test_a_file_without_json_is_named_and_not_shown(
    environment: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    (tmp_path / "text").write_text(SECRET)
    environment.setenv(f"{name.upper()}_FILE", str(tmp_path / "text"))
    with pytest.raises(ValueError, match=f"{name.upper()}_FILE: ") as refused:
        Settings()
    assert "hunter2" not in "".join(traceback.format_exception(refused.value))


@pytest.mark.parametrize("name", Settings.model_fields)
def test_what_is_wrong_with_a_setting_never_shows_a_setting(
    environment: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    """arq builds the settings itself, so that a refusal is printed as Python prints it."""
    environment.setenv("DATABASE_URL", "postgresql://app:hunter2@db/learning")
    environment.setenv("S3_SECRET_ACCESS_KEY", "hunter2")
    environment.setenv("S3_ACCESS_KEY_ID", "development")
    (tmp_path / "secret").write_text('{"hunter2": "hunter2"}')
    if name != "database_url":
        environment.setenv(f"{name.upper()}_FILE", str(tmp_path / "secret"))
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - what is refused differs
        Settings()
    assert "hunter2" not in "".join(traceback.format_exception(refused.value))


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+asyncpg"])
def test_the_database_has_one_form_from_everywhere(
    environment: pytest.MonkeyPatch, tmp_path: Path, scheme: str
) -> None:
    environment.setenv("DATABASE_URL", f"{scheme}://app:x@db/learning")
    assert Settings().database_url == "postgresql+asyncpg://app:x@db/learning"
    environment.delenv("DATABASE_URL")
    (tmp_path / "url").write_text(f"{scheme}://app:x@db/learning\n")
    environment.setenv("DATABASE_URL_FILE", str(tmp_path / "url"))
    assert Settings().database_url == "postgresql+asyncpg://app:x@db/learning"


@pytest.mark.parametrize(
    "url",
    [
        "mysql://app:hunter2@db/learning",
        "postgresql+psycopg://app:hunter2@db/learning",
        "app:hunter2@db/learning",
        "postgresql://app:hunter2@db:99999/learning",
        "postgresql://app:hunter2@db:five/learning",
        "postgresql://app:hunter2@db:/learning",
        "postgresql://app:hunter2@db:5432,db:99999/learning",
        "postgresql://app:hunter2@db:5432,/learning",
        "postgresql://app:hunter2@db:5432,[::1]:5432/learning",
    ],
)
def test_no_address_of_a_database_is_refused_by_name(
    environment: pytest.MonkeyPatch, tmp_path: Path, url: str
) -> None:
    environment.delenv("DATABASE_URL")
    (tmp_path / "url").write_text(url)
    environment.setenv("DATABASE_URL_FILE", str(tmp_path / "url"))
    answer = CliRunner().invoke(app, ["migrate"])
    assert answer.exit_code == 2
    assert "DATABASE_URL must" in answer.output
    assert "hunter2" not in answer.output


def test_a_token_is_for_roles_that_there_are() -> None:
    for role in ("national-admin", "regional_admin", "chapter_admin:", "chapter_admin:a b", "author", ""):
        answer = CliRunner().invoke(app, ["token", "--org", "demo", "--user", "ana", "--role", role])
        assert answer.exit_code == 2
        assert "is no role" in answer.output


def test_a_token_is_for_scopes_and_ids_that_there_can_be() -> None:
    command = ["token", "--org", "demo", "--user", "ana"]
    for scope in ("directory:read", "events:read webhooks:manage", "EVENTS:READ", "events:read ", ""):
        answer = CliRunner().invoke(app, [*command, "--scope", scope])
        assert (answer.exit_code, "is no scope" in answer.output) == (2, True)
    for option in ("--org", "--user"):
        for given in ("a/b", "a b", "", "x" * 129, "ána"):
            answer = CliRunner().invoke(app, [*command, option, given])
            assert (answer.exit_code, "is no id" in answer.output) == (2, True)
