"""A bucket for rejected rows that fails in the middle of a run."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from airbyte_cdk.models import FailureType

from destination_zoho_crm import rejects_bucket
from destination_zoho_crm import s3 as s3_client
from unit_tests.destination.conftest import Org, row, state, stream
from unit_tests.destination.s3_server import Bucket, S3Server, may_put, running_s3

LEADS = stream("Leads", "Last_Name", "Lead_Score")
CONTACTS = stream("Contacts", "Last_Name")
BAD = row("Leads", {"Last_Name": "Bad", "Lead_Score": "x"})

pytestmark = pytest.mark.usefixtures("no_pauses", "plain_environment")


@pytest.fixture(scope="session")
def own_s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """A server that a test may stop."""
    with running_s3(tmp_path_factory.mktemp("own-s3")) as server:
        yield server


@pytest.mark.parametrize("pause", [0.0, 60.0], ids=["while rows come", "at the end"])
def test_a_bucket_that_is_gone_holds_states_back_and_ends_the_run(
    org: Org, bucket: Bucket, monkeypatch: pytest.MonkeyPatch, pause: float
) -> None:
    why, kind = "there is no such bucket", FailureType.config_error

    released = write_while_it_fails(org, bucket, monkeypatch, bucket.remove, pause, why, kind)

    assert released == [1, 4] if pause else released[0] == 1


def test_a_server_that_is_gone_holds_states_back_and_ends_the_run(
    org: Org, own_s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket, stop = own_s3.make_bucket(), own_s3.stop
    why, kind = "it cannot be reached (EndpointConnectionError)", FailureType.transient_error

    assert write_while_it_fails(org, bucket, monkeypatch, stop, 60.0, why, kind) == [1, 4]


def write_while_it_fails(
    org: Org,
    bucket: Bucket,
    monkeypatch: pytest.MonkeyPatch,
    fail: Callable[[], None],
    pause: float,
    why: str,
    kind: FailureType,
) -> list[int]:
    """Rejected rows before and after the failure: no state reports the later ones. The ids of the
    states that went out, those of another stream among them."""
    monkeypatch.setattr(rejects_bucket, "PAUSE_S", 0.0)

    def lines() -> Iterator[bytes]:
        yield BAD
        yield state("Leads", 1)
        # Read ahead, these let the rows before them be taken.
        yield from (row("Contacts", {"Last_Name": f"{n}"}) for n in range(250))
        monkeypatch.setattr(rejects_bucket, "PAUSE_S", pause)
        fail()
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
    assert not {2, 3} & set(released)
    return released


def test_states_of_all_streams_wait_behind_one_with_rejected_rows(org: Org, bucket: Bucket) -> None:
    def lines() -> Iterator[bytes]:
        yield row("Contacts", {"Last_Name": "Before"})
        yield state(None, 1)
        yield BAD
        yield state(None, 2)
        yield row("Contacts", {"Last_Name": "Behind"})
        yield state(None, 3)
        bucket.remove()

    result = org.write_lines([LEADS, CONTACTS], lines(), object_storage_config=bucket.storage())

    assert "there is no such bucket" in result.sentence
    assert [message["state"]["id"] for message in result.states] == [1]
    assert org.record("Contacts", Last_Name="Behind")


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
    """Takes so many calls; the others it answers with that status and code, or never where there is
    none. What no server of the registries plays."""
    called: list[str] = []
    ended = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        # Which tells a client that asks first to go on.
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            called.append(self.command)
            body = b""
            if len(called) <= answers:
                self.send_response(200)
            elif not code:
                ended.wait()
                self.close_connection = True
                return
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
        ended.set()
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


def test_a_store_that_does_not_answer_ends_the_run(
    org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_client, "_READ_S", 0.1)

    with overloaded_s3(3, "") as (url, called):
        storage = Bucket(S3Server(url, None), "b-1").storage()
        result = org.write_lines([LEADS], [BAD, state("Leads")], object_storage_config=storage)

    assert "cannot be kept in s3://b-1/: it does not answer (ReadTimeoutError)." in result.sentence
    assert result.states == []
    assert len(called) == 3 + 5


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
    assert "it is not known whether 1 row is in Zoho" in result.sentence
    assert result.failure
    assert result.failure.failure_type == FailureType.config_error
