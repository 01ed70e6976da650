"""A server that speaks as S3 does, in this process on loopback; one bucket a test."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from servers import PASSWORD

_NUMBERS = count(1)
ACCESS_KEY = "AKIAQZXKANARI0000000"


@dataclass(frozen=True, slots=True)
class Bucket:
    """An empty bucket. `env`: what leads to it, as a runner has it."""

    endpoint: str
    name: str
    env: dict[str, str] = field(
        default_factory=lambda: {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": PASSWORD}
    )

    def client(self) -> Any:
        """Of its administrator."""
        import boto3

        return boto3.session.Session(
            aws_access_key_id=ACCESS_KEY, aws_secret_access_key=PASSWORD, region_name="us-east-1"
        ).client("s3", endpoint_url=self.endpoint)

    def objects(self) -> dict[str, bytes]:
        """Everything that lies in it."""
        client = self.client()
        found = client.list_objects_v2(Bucket=self.name).get("Contents", [])
        return {row["Key"]: client.get_object(Bucket=self.name, Key=row["Key"])["Body"].read() for row in found}

    def change(self, key: str, content: bytes) -> None:
        self.client().put_object(Bucket=self.name, Key=key, Body=content)

    def empty(self) -> None:
        client = self.client()
        for key in self.objects():
            client.delete_object(Bucket=self.name, Key=key)


@contextmanager
def bucket_server() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


def bucket(endpoint: str) -> Bucket:
    made = Bucket(endpoint, f"state-{next(_NUMBERS)}")
    made.client().create_bucket(Bucket=made.name)
    return made
