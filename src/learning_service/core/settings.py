"""Every setting of every process, read from the environment once.

Names in the environment are the field names in capitals (`DATABASE_URL`). Each may instead be read from a file whose
path `<NAME>_FILE` gives, so that no secret need stand in an environment. Production refuses to start on development
keys: see `Settings.refuse_development_keys`.
"""

import hmac
import ipaddress
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, Field, SecretStr, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from learning_service.core.addresses import driver_url

DEVELOPMENT_ACCESS_KEY_ID = "development"
"""Of the S3 server that a development copy starts."""
DEVELOPMENT_SECRET = "development"  # noqa: S105 - refused in production
SHORTEST_SECRET = 32
_NEEDED_TO_SERVE = {
    "secret_keys": "set it to a list of one random text of 32 characters or more, the same for all processes",
    "public_url": "certificates print it, so set it to the service's final https address",
    "redis_url": "set it to Redis's address, with its password",
    "auth_issuers": "set it to your identity provider, or no one can log in",
}


class Issuer(BaseModel):
    """An identity provider whose tokens are believed.

    Exactly one of `jwks_url` and `jwks_file` says where its public keys are. `organizations` limits whom it may
    speak for; with several issuers each must name its own.
    """

    issuer: str
    jwks_url: str | None = None
    jwks_file: Path | None = None
    organizations: list[str] | None = None

    @model_validator(mode="after")
    def _one_source_of_keys(self) -> Self:
        if (self.jwks_url is None) == (self.jwks_file is None):
            raise ValueError("an issuer needs exactly one of jwks_url and jwks_file")
        return self


class WebSignIn(BaseModel):
    """The identity provider at which people of the web application sign in: OpenID Connect, code flow with PKCE.

    Its client is a public one whose redirect address is `<PUBLIC_URL>/app/signed-in`. The access token is what calls
    carry, so the issuer has to be one of `auth_issuers`. `parameters` are further ones of the authorization request,
    by which some providers are told the audience. `origins` are further ones of the provider's endpoints.
    """

    issuer: str
    client_id: str
    scope: str = "openid profile"
    parameters: dict[str, str] = {}
    origins: list[str] = []


class SettingsInFiles(PydanticBaseSettingsSource):
    """Settings whose `<NAME>_FILE` names a file with the value; line ends after it do not belong to it."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[str | None, str, bool]:
        """The value in the field's file; None without one. Raises ValueError, which never shows the value."""
        name = field_name.upper()
        path = os.environ.get(f"{name}_FILE")
        if not path:
            return None, field_name, False
        if os.environ.get(name):
            raise ValueError(f"{name} and {name}_FILE are both set: leave one out")
        try:
            text = Path(path).read_text("utf-8-sig").rstrip("\r\n")
        except (OSError, UnicodeDecodeError):
            raise ValueError(f"{name}_FILE: {path} cannot be read") from None
        if not text:
            raise ValueError(f"{name}_FILE: {path} is empty")
        return text, field_name, False

    def __call__(self) -> dict[str, Any]:
        """Every setting that has a file."""
        found = {}
        for name, field in self.settings_cls.model_fields.items():
            value, key, _ = self.get_field_value(field, name)
            if value is None:
                continue
            try:
                found[key] = (
                    self.decode_complex_value(name, field, value) if self.field_is_complex(field) else value
                )
            except ValueError:
                raise ValueError(f"{name.upper()}_FILE: the file does not hold JSON") from None
        return found


def _in_development(settings: dict[str, Any]) -> bool:
    return settings.get("environment") == "development"


class StoreSettings(BaseSettings):
    """The settings of the object store."""

    model_config = SettingsConfigDict(
        env_file=None,
        extra="ignore",
        frozen=True,
        # A message about a wrong setting would show it, and all others with it.
        hide_input_in_errors=True,
    )

    s3_endpoint_url: str | None = None
    """Where the service talks to the object store; none for AWS."""
    s3_public_endpoint_url: str | None = None
    """The same store as browsers reach it; presigned addresses use it. Default: `s3_endpoint_url`."""
    s3_bucket: str = Field(default="learning", min_length=3)
    s3_region: str = "us-east-1"
    s3_access_key_id: str | None = None
    s3_secret_access_key: SecretStr | None = None
    s3_addressing_style: Literal["path", "virtual", "auto"] = "path"
    cors_origins: list[str] = []
    """Origins of the frontends, exact: they may call the service, and read files at the store."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is given by hand, then the environment, then files."""
        return init_settings, env_settings, SettingsInFiles(settings_cls)


class Settings(StoreSettings):
    """The service's settings. Lists and objects are JSON in the environment."""

    environment: Literal["production", "development"] = "production"
    """`development` allows the development key and receivers on 127.0.0.1."""

    database_url: str
    """`postgresql://user:password@host:port/name`; the user must be able to assume the service's roles.

    A primary and its standbys as `host:port,host:port`: the one that takes writes is found at each new connection."""
    database_pooler: Literal["transaction"] | None = None
    """`transaction`: a pooler in transaction mode that keeps no prepared statements stands before the database."""
    database_replica_url: str | None = None
    """A streaming replica that reports read, as `database_url` is written; none: they read the primary."""
    database_pool_size: int = Field(default=10, ge=1, le=200)
    """Connections kept per process; a worker keeps `JOB_CONCURRENCY` + 4 where that is more."""
    database_direct_pool_size: int = Field(default=5, ge=1, le=200)
    """Connections kept per API process for the hottest calls, beside the others."""
    database_pool_timeout_seconds: float = Field(default=2, gt=0)
    """How long a request waits for a connection before it is answered 503."""
    statement_timeout_ms: int = Field(default=5000, ge=100)
    """The longest that one statement of a request may run."""
    lock_timeout_ms: int = Field(default=2000, ge=10)
    """The longest that a request waits for a row that another transaction is changing."""

    redis_url: SecretStr = SecretStr("redis://127.0.0.1:6379/0")
    """Carries jobs to workers and settles rate limits; may be empty or late, and down without losing anything."""

    nats_url: SecretStr | None = None
    """`nats://user:password@host:4222`: workers publish every event there, to JetStream; none: nowhere.
    Needs the extra `nats`."""
    nats_subject: str = Field(default="learning.events", pattern=r"^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$")
    """How the subjects of events begin; organization and type follow."""

    presigned_url_seconds: int = Field(default=300, ge=10, le=3600)
    """How long an address of a stored file works."""

    max_document_mib: int = Field(default=100, ge=1, le=1000)
    """The largest file that an author may upload."""

    max_attempts_per_quiz: int = Field(default=500, ge=1)
    """Attempts of one enrollment at one quiz, also where the quiz has no limit."""
    max_attempt_kib: int = Field(default=2048, ge=64)
    """What the answers of one attempt may take."""

    organization_storage_mib: int = Field(default=20_480, ge=1)
    """What the documents of one organization may take in the store."""
    uploads_per_principal: int = Field(default=4, ge=1)
    uploads_per_organization: int = Field(default=8, ge=1)
    """Files on their way to one process at once, which bounds their bytes too: so many of the largest."""

    convert_sandbox: Literal["bwrap", "container", "none"] = "bwrap"
    """What keeps LibreOffice in: `bwrap`; `container` where the container itself has no way out; `none` by hand."""
    convert_seconds: int = Field(default=120, ge=1, le=3600)
    """The longest that one conversion may take."""
    convert_memory_mib: int = Field(default=2048, ge=256)
    """The most memory that one conversion may take."""
    convert_output_mib: int = Field(default=300, ge=1)
    """The most that one conversion may write."""
    convert_processes: int | None = Field(default=None, ge=1, le=64)
    """Conversions at once in one converter; none: one for each core."""
    converter_patience_seconds: int = Field(default=600, ge=1)
    """After so long without any converter, decks that wait for one fail."""

    secret_keys: list[SecretStr] = []
    """Sign what callers bring back unread, such as cursors: the first one signs, all are believed."""

    public_url: str = "http://127.0.0.1:8000"
    """What certificates print as the service's address; no slash at the end."""

    auth_issuers: list[Issuer] = []
    """Whose tokens are believed."""
    auth_audience: str = "learning-service"
    auth_leeway_seconds: int = Field(default=30, ge=0, le=120)
    """How far the issuer's clock may be off."""
    auth_max_token_hours: int = Field(default=24, ge=1, le=24)

    trusted_proxies: list[str] = []
    """Addresses or networks of proxies whose `X-Forwarded-For` is believed."""
    reference_enabled: bool = Field(default_factory=_in_development)
    """Whether `/docs` and `/openapi.json` are served; without a word, in development only."""
    web_enabled: bool = Field(default_factory=_in_development)
    """Whether the web application is served at `/app/`; without a word, in development only."""
    web_sign_in: WebSignIn | None = None
    """Where people of the web application sign in; none: nowhere but among the demonstration's people."""
    demonstration_people: Path | None = None
    """Development: a file with people and tokens of theirs, whom the web application offers to be."""
    metrics_enabled: bool = Field(default_factory=_in_development)
    """Whether `/metrics` is served; without a word, in development only."""
    metrics_port: int | None = Field(default=None, ge=1, le=65535)
    """Where a process serves its own figures at `/metrics`, beside its work; none: an API does so at its port."""
    heartbeat_file: Path | None = None
    """A file that a process touches every five seconds while its event loop runs."""

    max_connections_of_address: int = Field(default=1000, ge=1)
    """Connections of one address to one process; a trusted proxy's are not counted."""
    max_concurrent_requests: int = Field(default=500, ge=1)
    """Requests that one process works on at once; further ones are answered 503."""
    max_requests_of_principal: int = Field(default=100, ge=1)
    """Requests of one principal among them."""
    max_arriving_bodies: int = Field(default=200, ge=1)
    """Bodies still on the way to one process from one principal, or without login from one address."""
    principal_requests_per_second: int = Field(default=100, ge=1)
    principal_burst: int = Field(default=1000, ge=1)
    unknown_certificates_per_minute: int = Field(default=60, ge=1)
    """Guesses at certificate ids allowed from one address."""

    job_lease_seconds: int = Field(default=30, ge=2)
    """How long a claimed job is its worker's without a sign of life."""
    job_timeout_seconds: float = Field(default=900, gt=0)
    """The longest that one try of a job may take."""
    job_max_tries: int = Field(default=10, ge=1)
    """After so many failures a job is dead, until an operator retries it."""
    job_concurrency: int = Field(default=20, ge=2, le=500)
    """Jobs that one worker runs at once; at most half of them send webhooks."""

    certificate_processes: int = Field(default=2, ge=1, le=64)
    """Processes in which one worker draws certificates."""

    pdf_signing_key: SecretStr | None = None
    """The key that signs PDFs and its certificates, in PEM; none: one that the installation made itself."""
    timestamp_authority: str | None = Field(default=None, pattern=r"^https?://[^\s]+$")
    """A time-stamping authority (RFC 3161) that vouches for the time of each PDF's signature."""

    smtp_url: SecretStr | None = None
    """`smtp://user:password@host:port`, `smtps://…`; none: no mail leaves."""
    mail_directory: Path | None = None
    """Development: mails land here as `.eml` files."""
    mail_from: str = "learning@localhost"
    mails_per_second: int = Field(default=20, ge=1)
    """Per organization."""
    mail_hours: str | None = Field(default=None, pattern=r"^([0-9]|1[0-9]|2[0-3])-([1-9]|1[0-9]|2[0-4])$")
    """Between which hours mails leave, where their reader is; none: `8-20`, in development `0-24`."""

    otel_exporter_otlp_endpoint: str | None = Field(default=None, pattern=r"^https?://[^/?#]+[^?#]*$")
    """Where an OpenTelemetry collector takes traces over HTTP (`http://collector:4318`); none: nothing is traced.
    Needs the extra `otel`."""
    otel_traces_sampler_arg: float = Field(default=0.05, ge=0, le=1)
    """The share of requests that are traced, where the caller's `traceparent` has not decided."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator("database_url")
    @classmethod
    def _address_of_a_database(cls, value: str) -> str:
        return driver_url(value)

    @field_validator("database_replica_url")
    @classmethod
    def _address_of_a_replica(cls, value: str | None) -> str | None:
        if value is None:
            return None
        if "," in value.rpartition("@")[2].partition("/")[0]:
            raise ValueError("DATABASE_REPLICA_URL names one server: several hide behind one name")
        try:
            return driver_url(value)
        except ValueError as error:
            raise ValueError(str(error).replace("DATABASE_URL", "DATABASE_REPLICA_URL")) from None

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: list[str]) -> list[str]:
        for text in value:
            ipaddress.ip_network(text, strict=False)
        return value

    @field_validator("mail_hours")
    @classmethod
    def _some_hours(cls, value: str | None) -> str | None:
        if value is not None and int(value.partition("-")[0]) >= int(value.partition("-")[2]):
            raise ValueError("must be two hours, the earlier first, such as 8-20")
        return value

    @property
    def sends_mail(self) -> bool:
        """Whether mails leave at all."""
        return self.mail_directory is not None or self.smtp_url is not None

    @property
    def mail_hours_there(self) -> tuple[int, int]:
        """From which hour until which mails leave, where their reader is."""
        hours = self.mail_hours or ("0-24" if self.environment == "development" else "8-20")
        first, _, end = hours.partition("-")
        return int(first), int(end)

    @model_validator(mode="after")
    def refuse_development_keys(self) -> Self:
        """Production takes nothing of a development copy, and several issuers must each name their organizations."""
        if self.environment == "production" and (faults := list(self._of_development())):
            raise ValueError("; ".join(faults))
        if self.web_sign_in and self.web_sign_in.issuer not in {one.issuer for one in self.auth_issuers}:
            raise ValueError(
                "WEB_SIGN_IN: its issuer is none of AUTH_ISSUERS, so its tokens would not be believed"
            )
        if len(self.auth_issuers) > 1 and any(i.organizations is None for i in self.auth_issuers):
            raise ValueError("with several issuers, each names the organizations it may speak for")
        return self

    def refuse_development_defaults(self) -> None:
        """Raises ValueError where production would serve on defaults that are for development.

        Not part of making the settings: migrating and looking after jobs need only the database's address.
        """
        if self.environment == "development":
            return
        missing = [
            f"{name.upper()} is not set: {do}"
            for name, do in _NEEDED_TO_SERVE.items()
            if name not in self.model_fields_set
        ]
        if missing:
            raise ValueError("; ".join(missing))

    def keys_for(self, purpose: str) -> tuple[bytes, ...]:
        """A key of its own for this purpose from each of the secret keys; in production none where none is set."""
        secrets = [secret.get_secret_value() for secret in self.secret_keys]
        if not secrets and self.environment == "development":
            secrets = [DEVELOPMENT_SECRET]
        return tuple(hmac.digest(secret.encode(), purpose.encode(), "sha256") for secret in secrets)

    def _of_development(self) -> Iterator[str]:
        if "secret_keys" in self.model_fields_set:
            texts = [secret.get_secret_value() for secret in self.secret_keys]
            if not texts or min(map(len, texts)) < SHORTEST_SECRET:
                yield f"SECRET_KEYS: set it to random texts of {SHORTEST_SECRET} characters or more"
        for issuer in self.auth_issuers:
            if issuer.jwks_file is not None or not (issuer.jwks_url or "").startswith("https://"):
                yield (
                    f"AUTH_ISSUERS: production reads keys by https only; issuer {issuer.issuer} does not: give it"
                    " the https jwks_url of your identity provider"
                )
        if "public_url" in self.model_fields_set and not self.public_url.startswith("https://"):
            yield "PUBLIC_URL does not begin with https://: set it to the address that certificates shall print"
        if self.s3_access_key_id == DEVELOPMENT_ACCESS_KEY_ID:
            yield (
                "S3_ACCESS_KEY_ID is a development copy's: set it and S3_SECRET_ACCESS_KEY to those of your store"
            )
        if self.mail_directory is not None:
            yield "MAIL_DIRECTORY is for development: leave it out, and set SMTP_URL for mails to leave"
        if self.web_sign_in is not None and not self.web_sign_in.issuer.startswith("https://"):
            yield "WEB_SIGN_IN: production signs in by https only; give it your identity provider's https issuer"
        if self.demonstration_people is not None:
            yield "DEMONSTRATION_PEOPLE is for development: leave it out, for it lets anyone in"
        if self.smtp_url is not None and self.mail_from.endswith("@localhost"):
            yield "MAIL_FROM is no real address: set it to the sender that your mail server accepts"
