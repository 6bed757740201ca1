"""On whose word a digest stands: a service may say again what it was sent without looking."""

from __future__ import annotations

import base64
import hashlib

from coffre.contract import ConnectionParameters, Evidence, ObjectRef, PutRequest
from coffre.drivers.s3 import S3Connection
from coffre.streams import BytesContent
from tests.unit.drivers.s3.bucket import Answer, Asked, Bucket, error, served

REF = ObjectRef(tenant=3, container="object", identifier="charter.pdf")
DATA = b"Given in the year 1328"
HEADER = "x-amz-checksum-sha512"


class Echo(Bucket):
    """It says every checksum again, and looks at none."""

    def _put(self, asked: Asked) -> Answer:
        answer = super()._put(asked)
        told = asked.headers.get(HEADER)
        return Answer(answer.status, answer.body, {**answer.headers, HEADER: told} if told else {})


class Looking(Echo):
    """It computes the checksum, and refuses another."""

    def _put(self, asked: Asked) -> Answer:
        told = asked.headers.get(HEADER)
        found = base64.b64encode(hashlib.sha512(asked.body).digest()).decode()
        return error(400, "BadDigest") if told not in (None, found) else super()._put(asked)


def evidence_of(parameters: ConnectionParameters) -> Evidence:
    with S3Connection(parameters) as connection:
        content = BytesContent(DATA)
        return connection.put(PutRequest(ref=REF, content=content, size=len(DATA))).evidence


def stated(parameters: ConnectionParameters) -> ConnectionParameters:
    values = {**dict(parameters.values), "checksum": "sha512"}
    return ConnectionParameters(url=parameters.url, values=tuple(values.items()))


def test_the_word_of_a_service_that_was_seen_to_look_is_taken() -> None:
    with served(Looking()) as parameters:
        assert evidence_of(parameters) is Evidence.REPORTED


def test_a_service_that_says_it_again_without_looking_has_reported_nothing() -> None:
    with served(Echo()) as parameters:
        assert evidence_of(parameters) is Evidence.PRESENT


def test_a_checksum_that_somebody_stated_and_nobody_tried_is_no_report() -> None:
    with served(Echo()) as parameters:
        assert evidence_of(stated(parameters)) is Evidence.PRESENT
