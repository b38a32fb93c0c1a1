"""Run as a program by `given.py` and by the compose file: make the bucket named by the argument unless it is there.

A second argument names a file with the bucket's policy, which replaces the one it has.
"""

import os
import sys
from pathlib import Path

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError


def main() -> None:
    """Settings come from the environment, under the names that the service has for them."""
    bucket, endpoint_url = sys.argv[1], os.environ["S3_ENDPOINT_URL"]
    client = botocore.session.get_session().create_client(
        "s3",
        endpoint_url=endpoint_url,
        region_name=os.environ.get("S3_REGION") or "us-east-1",
        aws_access_key_id=os.environ.get("S3_ACCESS_KEY_ID"),
        aws_secret_access_key=os.environ.get("S3_SECRET_ACCESS_KEY"),
        config=Config(
            signature_version="s3v4",
            s3={"addressing_style": os.environ.get("S3_ADDRESSING_STYLE") or "path"},
            connect_timeout=5,
            read_timeout=10,
        ),
    )
    try:
        client.head_bucket(Bucket=bucket)
    except BotoCoreError as error:
        sys.exit(f"the S3 server at {endpoint_url} does not answer: {error}")
    except ClientError:
        try:
            client.create_bucket(Bucket=bucket)
        except (ClientError, BotoCoreError) as error:
            sys.exit(f"bucket {bucket} at {endpoint_url} is not there and cannot be made: {error}")
    for policy in sys.argv[2:3]:
        try:
            client.put_bucket_policy(Bucket=bucket, Policy=Path(policy).read_text())
        except (ClientError, BotoCoreError) as error:
            sys.exit(f"bucket {bucket} at {endpoint_url} does not take its policy: {error}")


if __name__ == "__main__":
    main()
