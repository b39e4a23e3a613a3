"""A real S3 server on loopback, with users and roles: moto's, in a process of its own."""

import json
import re
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.config import Config
from botocore.session import Session

Json = dict[str, Any]

REGION = "eu-west-1"
ADMIN = ("admin", "the admin's secret")
#: So that what the server refuses is not asked for again.
ONCE = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})


@dataclass
class S3Server:
    url: str
    process: subprocess.Popen[bytes] | None
    clients: dict[str, Any] = field(default_factory=dict)

    def call(self, service: str, operation: str, **arguments: Any) -> Json:
        """As the owner of the account, whom no policy binds."""
        if service not in self.clients:
            session = Session()
            session.set_credentials(*ADMIN)
            self.clients[service] = session.create_client(
                service, region_name=REGION, endpoint_url=self.url, config=ONCE
            )
        answer: Json = getattr(self.clients[service], operation)(**arguments)
        return answer

    def make_bucket(self) -> "Bucket":
        name = f"rejected-{uuid.uuid4()}"
        self.call(
            "s3",
            "create_bucket",
            Bucket=name,
            CreateBucketConfiguration={"LocationConstraint": REGION},
        )
        return Bucket(self, name)

    def make_user(self, *statements: Json) -> tuple[str, str]:
        """The access key of a new user, who may do what the policy's statements allow."""
        name = uuid.uuid4().hex
        self.call("iam", "create_user", UserName=name)
        if statements:
            policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
            self.call(
                "iam", "put_user_policy", UserName=name, PolicyName="p", PolicyDocument=policy
            )
        key = self.call("iam", "create_access_key", UserName=name)["AccessKey"]
        return key["AccessKeyId"], key["SecretAccessKey"]

    def make_role(self, external_id: str, *statements: Json) -> str:
        """The ARN of a new role, which may do what the policy's statements allow. It trusts those
        who know the external ID."""
        name, version = uuid.uuid4().hex, "2012-10-17"
        trusted = {
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"sts:ExternalId": external_id}},
        }
        trust, policy = (
            json.dumps({"Version": version, "Statement": said}) for said in ([trusted], statements)
        )
        arn = self.call("iam", "create_role", RoleName=name, AssumeRolePolicyDocument=trust)
        self.call("iam", "put_role_policy", RoleName=name, PolicyName="p", PolicyDocument=policy)
        return str(arn["Role"]["Arn"])

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Calls within need a user's key and what its policy allows; else anybody may do all."""
        self._guard_after(0)
        try:
            yield
        finally:
            self._guard_after(10**12)

    def _guard_after(self, calls: int) -> None:
        call = urllib.request.Request(
            f"{self.url}/moto-api/reset-auth",
            data=str(calls).encode(),
            headers={"Content-Type": "text/plain"},
        )
        with urllib.request.urlopen(call) as answer:
            answer.read()

    def stop(self) -> None:
        assert self.process
        self.process.kill()
        self.process.wait()


@dataclass
class Bucket:
    server: S3Server
    name: str
    access_key: tuple[str, str] = field(default=ADMIN)

    def storage(self, **more: str) -> Json:
        """The setting that keeps rejected rows in it."""
        return {
            "storage_type": "S3",
            "access_key_id": self.access_key[0],
            "secret_access_key": self.access_key[1],
            "s3_bucket_name": self.name,
            "s3_bucket_region": REGION,
            "s3_endpoint": self.server.url,
            **more,
        }

    @property
    def keys(self) -> list[str]:
        listed = self.server.call("s3", "list_objects_v2", Bucket=self.name)
        return [one["Key"] for one in listed.get("Contents", ())]

    @property
    def objects(self) -> Mapping[str, bytes]:
        """What is in it, by key."""
        return {
            key: self.server.call("s3", "get_object", Bucket=self.name, Key=key)["Body"].read()
            for key in self.keys
        }

    @property
    def lines(self) -> list[Json]:
        return [json.loads(line) for text in self.objects.values() for line in text.splitlines()]

    def remove(self) -> None:
        for key in self.keys:
            self.server.call("s3", "delete_object", Bucket=self.name, Key=key)
        self.server.call("s3", "delete_bucket", Bucket=self.name)


def may_put(bucket: Bucket, path: str = "") -> Json:
    """The smallest statement that the page gives, of objects under a path."""
    where = f"arn:aws:s3:::{bucket.name}/{path}*"
    return {"Effect": "Allow", "Action": "s3:PutObject", "Resource": where}


@contextmanager
def running_s3(folder: Path) -> Iterator[S3Server]:
    log = folder / "s3-server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"],
            stdout=output,
            stderr=output,
        )
    server = S3Server(_wait_for_address(log, process), process)
    try:
        yield server
    finally:
        server.stop()


def _wait_for_address(log: Path, process: subprocess.Popen[bytes]) -> str:
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        if found := re.search(r"Running on (http://127\.0\.0\.1:\d+)", log.read_text()):
            return found[1]
        time.sleep(0.05)
    process.kill()
    raise AssertionError(f"the S3 server does not start: {log.read_text()}")
