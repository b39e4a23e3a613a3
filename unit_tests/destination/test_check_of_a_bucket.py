"""The check of a bucket for rejected rows, before the first row."""

import json
import logging
from pathlib import Path

import pytest
from airbyte_cdk.models import Status
from airbyte_cdk.utils.airbyte_secrets_utils import filter_secrets

from destination_zoho_crm.destination import DestinationZohoCrm
from unit_tests.destination.conftest import Json, Org, row, state, stream
from unit_tests.destination.s3_server import Bucket, S3Server, may_put

LEADS = stream("Leads", "Last_Name", "Lead_Score")
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
            "it cannot be reached (EndpointConnectionError). Make sure that it works.",
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


def test_secrets_of_the_bucket_are_kept_out_of_the_log(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    storage = {"storage_type": "S3", "access_key_id": "AKIAEXAMPLE", "secret_access_key": "s3cr3t"}
    path.write_text(json.dumps({"object_storage_config": storage}))

    DestinationZohoCrm()._read_config(str(path))

    assert filter_secrets("with AKIAEXAMPLE and s3cr3t") == "with **** and ****"
