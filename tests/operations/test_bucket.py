"""`learning-service bucket`: whose pages may read the files."""

import json

import botocore.session
import pytest
from botocore.exceptions import ClientError
from tests.kit.s3_servers import moto_server
from typer.testing import CliRunner

from learning_service.cli.bucket import app

ONE, TWO = "https://learn.example.org", "https://officers.example.org"
STORE = {"S3_ACCESS_KEY_ID": "owner", "S3_SECRET_ACCESS_KEY": "secret", "S3_BUCKET": "learning"}


def test_pages_of_exact_origins_read_and_no_others() -> None:
    with moto_server() as address:
        client = botocore.session.get_session().create_client(
            "s3",
            endpoint_url=address,
            region_name="us-east-1",
            aws_access_key_id="owner",
            aws_secret_access_key="secret",
        )

        def run(origins: list[str]) -> None:
            environment = {**STORE, "S3_ENDPOINT_URL": address, "CORS_ORIGINS": json.dumps(origins)}
            done = CliRunner().invoke(app, [], env=environment)
            assert done.exit_code == 0, done.output

        run([])
        with pytest.raises(ClientError, match="NoSuchCORSConfiguration"):
            client.get_bucket_cors(Bucket="learning")
        for origins in ([ONE], [ONE, TWO]):
            run(origins)
            [rule] = client.get_bucket_cors(Bucket="learning")["CORSRules"]
            assert (rule["AllowedOrigins"], rule["AllowedMethods"]) == (origins, ["GET", "HEAD"])
            assert rule["AllowedHeaders"] == ["Range"]
