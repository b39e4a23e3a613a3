"""A bucket for rejected rows that fails: before the first row, and in the middle of a run."""

import json
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from airbyte_cdk.models import FailureType, Status

from destination_zoho_crm import rejects_bucket
from destination_zoho_crm.destination import DestinationZohoCrm
from unit_tests.destination.conftest import Json, Org, row, state, stream
from unit_tests.destination.s3_server import Bucket, S3Server, may_put, running_s3

LEADS = stream("Leads", "Last_Name", "Lead_Score")
CONTACTS = stream("Contacts", "Last_Name")
BAD = row("Leads", {"Last_Name": "Bad", "Lead_Score": "x"})

pytestmark = pytest.mark.usefixtures("no_pauses", "plain_environment")


def check(org: Org, storage: Json) -> tuple[Status, str | None]:
    config = org.config | {"object_storage_config": storage}
    answer = DestinationZohoCrm().check(logging.getLogger("airbyte"), config)
    return answer.status, answer.message


def test_check_writes_to_the_bucket_and_leaves_nothing(
    org: Org, s3: S3Server, bucket: Bucket
) -> None:
    bucket.access_key = s3.make_user(
        may_put(bucket, "p/") | {"Action": ["s3:PutObject", "s3:DeleteObject"]}
    )

    with s3.guarded():
        answer = check(org, bucket.storage(bucket_path="p"))

    assert answer == (Status.SUCCEEDED, None)
    assert bucket.keys == []


def test_check_succeeds_where_it_may_write_and_not_delete(
    org: Org, s3: S3Server, bucket: Bucket, caplog: pytest.LogCaptureFixture
) -> None:
    bucket.access_key = s3.make_user(may_put(bucket, "p/"))

    with s3.guarded():
        answers = [check(org, bucket.storage(bucket_path="p")) for _ in range(2)]

    assert answers == [(Status.SUCCEEDED, None)] * 2
    assert bucket.keys == ["p/.zoho-crm-check"]
    assert f"The empty object s3://{bucket.name}/p/.zoho-crm-check is left" in caplog.text


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        (
            {"s3_bucket_name": "nobodys-bucket"},
            "there is no such bucket. Make it, or correct Bucket name (s3_bucket_name).",
        ),
        (
            {"s3_bucket_region": "us-west-2"},
            "the bucket is in eu-west-1, not in us-west-2. "
            "Correct Bucket region (s3_bucket_region).",
        ),
        (
            {"bucket_path": "elsewhere"},
            "the credentials may not write there. "
            "Allow them s3:PutObject on the objects of that path.",
        ),
        (
            {"access_key_id": "AKIAEXAMPLE"},
            "S3 knows no such access key. Correct Access key ID (access_key_id).",
        ),
        (
            {"secret_access_key": "another secret"},
            "the secret is not that of the access key. "
            "Correct Secret access key (secret_access_key).",
        ),
        (
            {"access_key_id": "", "secret_access_key": ""},
            "there are no credentials where the connector runs. "
            "Enter Access key ID (access_key_id) and Secret access key (secret_access_key).",
        ),
        (
            {"s3_endpoint": "http://127.0.0.1:9"},
            "it cannot be reached (EndpointConnectionError). Try again later.",
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_check_and_write_say_what_is_wrong_with_a_bucket(
    org: Org, s3: S3Server, bucket: Bucket, changes: Json, why: str
) -> None:
    bucket.access_key = s3.make_user(
        may_put(bucket, "p/"),
        may_put(Bucket(s3, "nobodys-bucket"), "p/"),
        # AWS names the region to everybody, this server to those who may ask.
        may_put(bucket) | {"Action": "s3:HeadBucket", "Resource": f"arn:aws:s3:::{bucket.name}"},
    )
    storage = bucket.storage(bucket_path="p") | changes
    place = f"s3://{storage['s3_bucket_name']}/{storage['bucket_path']}/"

    with s3.guarded():
        answer = check(org, storage)
        written = org.write_lines([LEADS], [BAD, state("Leads")], object_storage_config=storage)

    sentence = f"The bucket for rejected rows, {place}, cannot be used: {why}"
    assert answer == (Status.FAILED, sentence)
    assert written.sentence == sentence
    assert written.states == []
    assert org.calls("insert") == 0


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"access_key_id": "AKIAEXAMPLE"},
            "Rejected rows (object_storage_config) has only one of Access key ID (access_key_id) "
            "and Secret access key (secret_access_key). Enter both, or none.",
        ),
        (
            {"s3_endpoint": "http://minio.example.com:9000"},
            "Rejected rows (object_storage_config): Endpoint (s3_endpoint) "
            "'http://minio.example.com:9000' is not https. "
            "Plain http is taken for addresses of this machine only.",
        ),
        (
            {"s3_bucket_region": "eu-west-1.example.com/"},
            "Rejected rows (object_storage_config): Bucket region (s3_bucket_region) is "
            "'eu-west-1.example.com/'; write it like us-east-1.",
        ),
        (
            {"s3_bucket_name": "bucket/path"},
            "Rejected rows (object_storage_config): Bucket name (s3_bucket_name) is "
            "'bucket/path'; write it like example-rejected-rows.",
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_settings_of_a_bucket_that_cannot_be_are_named(
    org: Org, changes: Json, sentence: str
) -> None:
    storage = {"storage_type": "S3", "s3_bucket_name": "b-1", "s3_bucket_region": "eu-west-1"}

    assert check(org, storage | changes) == (Status.FAILED, sentence)


Fail = Callable[[S3Server, Bucket], None]


def remove_bucket(s3: S3Server, bucket: Bucket) -> None:
    bucket.remove()


def stop_server(s3: S3Server, bucket: Bucket) -> None:
    s3.stop()


@pytest.fixture
def own_s3(tmp_path: Path) -> Iterator[S3Server]:
    """A server that a test may stop."""
    with running_s3(tmp_path) as server:
        yield server


@pytest.mark.parametrize(
    ("fail", "why", "kind"),
    [
        (remove_bucket, "there is no such bucket", FailureType.config_error),
        (
            stop_server,
            "it cannot be reached (EndpointConnectionError)",
            FailureType.transient_error,
        ),
    ],
)
@pytest.mark.parametrize("pause", [0.0, 60.0], ids=["while rows come", "at the end"])
def test_a_bucket_that_fails_holds_states_back_and_ends_the_run(
    org: Org,
    own_s3: S3Server,
    monkeypatch: pytest.MonkeyPatch,
    fail: Fail,
    why: str,
    kind: FailureType,
    pause: float,
) -> None:
    """Rows that are rejected later are in no state. States of other streams go out."""
    bucket = own_s3.make_bucket()
    monkeypatch.setattr(rejects_bucket, "PAUSE_S", 0.0)

    def lines() -> Iterator[bytes]:
        yield BAD
        yield state("Leads", 1)
        # Read ahead, these let the rows before them be taken.
        yield from (row("Contacts", {"Last_Name": f"{n}"}) for n in range(250))
        monkeypatch.setattr(rejects_bucket, "PAUSE_S", pause)
        fail(own_s3, bucket)
        yield BAD
        yield state("Leads", 2)
        yield row("Leads", {"Last_Name": "Behind"})
        yield state("Leads", 3)
        yield row("Contacts", {"Last_Name": "Other"})
        yield state("Contacts", 4)

    result = org.write_lines([LEADS, CONTACTS], lines(), object_storage_config=bucket.storage())

    said = f"Rejected rows cannot be kept in s3://{bucket.name}/: {why}. The sync ends here"
    assert result.sentence.startswith(said)
    assert result.failure
    assert result.failure.failure_type == kind
    released = [message["state"]["id"] for message in result.states]
    assert released[0] == 1
    assert not {2, 3} & set(released)
    if pause:
        assert released == [1, 4]


def test_a_bucket_that_may_not_be_written_any_more_ends_the_run(
    org: Org, s3: S3Server, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.access_key = s3.make_user(may_put(bucket))
    monkeypatch.setattr(rejects_bucket, "PAUSE_S", 0.0)
    user = s3.call("iam", "list_users")["Users"][-1]["UserName"]

    def lines() -> Iterator[bytes]:
        yield BAD
        yield state("Leads", 1)
        yield from (row("Leads", {"Last_Name": f"{n}"}) for n in range(250))
        s3.call("iam", "delete_user_policy", UserName=user, PolicyName="p")
        guard.enter_context(s3.guarded())
        yield BAD
        yield state("Leads", 2)
        yield from (row("Leads", {"Last_Name": f"{n}"}) for n in range(250))

    with ExitStack() as guard:
        result = org.write_lines([LEADS], lines(), object_storage_config=bucket.storage())

    assert "the credentials may not write there" in result.sentence
    assert bucket.access_key[1] not in result.sentence
    assert not result.said(bucket.access_key[1])
    assert [message["state"]["id"] for message in result.states] == [1]
    assert len(bucket.lines) == 1


@contextmanager
def overloaded_s3(answers: int, code: str) -> Iterator[tuple[str, list[str]]]:
    """Takes so many calls; the others it answers like S3 does when there are too many. What no
    server of the registries plays."""
    called: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        # Which tells a client that asks first to go on.
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            called.append(self.command)
            body = b""
            if len(called) <= answers:
                self.send_response(200)
            else:
                self.send_response(int(code[:3]))
                body = f"<Error><Code>{code[4:]}</Code><Message>m</Message></Error>".encode()
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body if self.command != "HEAD" else b"")

        do_PUT = do_DELETE = do_HEAD = answer  # noqa: N815

        def log_message(self, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", called
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("code", "why", "kind", "calls"),
    [
        (
            "503 SlowDown",
            "it answers SlowDown however often it is asked",
            FailureType.transient_error,
            5,
        ),
        (
            "500 InternalError",
            "it answers InternalError however often it is asked",
            FailureType.transient_error,
            5,
        ),
        ("403 QuotaExceeded", "it is full", FailureType.config_error, 1),
        ("507 XMinioStorageFull", "it is full", FailureType.config_error, 1),
        ("400 InvalidRequest", "it answers InvalidRequest", FailureType.config_error, 1),
    ],
)
def test_a_store_that_is_overloaded_or_full_ends_the_run(
    org: Org, code: str, why: str, kind: FailureType, calls: int
) -> None:
    """The check at the start makes three calls, and a part is tried five times at most."""
    with overloaded_s3(3, code) as (url, called):
        storage = Bucket(S3Server(url, None), "b-1").storage()
        result = org.write_lines([LEADS], [BAD, state("Leads")], object_storage_config=storage)

    assert f"cannot be kept in s3://b-1/: {why}. The sync ends here" in result.sentence
    assert result.failure
    assert result.failure.failure_type == kind
    assert result.states == []
    assert called == ["PUT", "DELETE", "HEAD", *["PUT"] * calls]


def test_unknown_outcomes_that_a_failing_bucket_lost_are_not_tried_again(org: Org) -> None:
    """The platform would, after a transient error, and double the inserts."""
    org.fail("insert", "body", body="<html>", times=1)
    org.fail("coql", status=400, body={"code": "INVALID_QUERY", "message": "m", "details": {}})

    with overloaded_s3(3, "503 SlowDown") as (url, _):
        result = org.write(
            stream("Leads", "Last_Name"),
            [{"Last_Name": "L"}],
            object_storage_config=Bucket(S3Server(url, None), "b-1").storage(),
        )

    assert "it answers SlowDown" in result.sentence
    assert "it is not known whether 1 rows are in Zoho" in result.sentence
    assert result.failure
    assert result.failure.failure_type == FailureType.config_error


def test_secrets_of_the_bucket_are_kept_out_of_the_log(tmp_path: Path) -> None:
    from airbyte_cdk.utils.airbyte_secrets_utils import filter_secrets

    path = tmp_path / "config.json"
    storage = {"storage_type": "S3", "access_key_id": "AKIAEXAMPLE", "secret_access_key": "s3cr3t"}
    path.write_text(json.dumps({"object_storage_config": storage}))

    DestinationZohoCrm()._read_config(str(path))

    assert filter_secrets("with AKIAEXAMPLE and s3cr3t") == "with **** and ****"
