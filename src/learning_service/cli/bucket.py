"""`learning-service bucket`: make the bucket."""

from pathlib import Path
from typing import Annotated, TypedDict

import botocore.session
import typer
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ValidationError

from learning_service.cli.terminal import fail, fail_on
from learning_service.core.settings import StoreSettings

app = typer.Typer()


class CorsRule(TypedDict):
    """Which pages may do what with files."""

    AllowedOrigins: list[str]
    AllowedMethods: list[str]
    AllowedHeaders: list[str]
    ExposeHeaders: list[str]
    MaxAgeSeconds: int


@app.command()
def bucket(
    policy: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="A file with the policy that the bucket shall have."),
    ] = None,
) -> None:
    """Make the bucket S3_BUCKET in the store, unless it is there, and give it its policy.

    Pages of the origins in CORS_ORIGINS may read its files; where none is set, what the bucket allows stays.
    """
    try:
        settings = StoreSettings()
    except ValidationError as error:
        fail_on(error)
    secret = settings.s3_secret_access_key
    client = botocore.session.get_session().create_client(
        "s3",
        endpoint_url=settings.s3_endpoint_url,
        region_name=settings.s3_region,
        aws_access_key_id=settings.s3_access_key_id,
        aws_secret_access_key=secret.get_secret_value() if secret else None,
        config=Config(
            signature_version="s3v4",
            s3={"addressing_style": settings.s3_addressing_style},
            connect_timeout=5,
            read_timeout=10,
        ),
    )
    name, endpoint_url = settings.s3_bucket, settings.s3_endpoint_url
    try:
        client.head_bucket(Bucket=name)
    except BotoCoreError as error:
        fail(f"the S3 server at {endpoint_url} does not answer: {error}", code=1)
    except ClientError:
        try:
            client.create_bucket(Bucket=name)
        except (ClientError, BotoCoreError) as error:
            fail(f"bucket {name} at {endpoint_url} is not there and cannot be made: {error}", code=1)
    if policy is not None:
        try:
            client.put_bucket_policy(Bucket=name, Policy=policy.read_text())
        except (ClientError, BotoCoreError) as error:
            fail(f"bucket {name} at {endpoint_url} does not take its policy: {error}", code=1)
    if settings.cors_origins:
        try:
            client.put_bucket_cors(
                Bucket=name, CORSConfiguration={"CORSRules": [reading(settings.cors_origins)]}
            )
        except (ClientError, BotoCoreError) as error:
            fail(f"bucket {name} at {endpoint_url} does not take its CORS rule: {error}", code=1)


def reading(origins: list[str]) -> CorsRule:
    """The rule by which pages of these origins, and of no other, read files."""
    return {
        "AllowedOrigins": origins,
        "AllowedMethods": ["GET", "HEAD"],
        "AllowedHeaders": ["Range"],
        "ExposeHeaders": ["Content-Disposition", "Content-Length", "Content-Range", "ETag"],
        "MaxAgeSeconds": 3600,
    }
