"""Every duty has a check, every check names its duty, and every name means one thing."""

from __future__ import annotations

import shlex
from collections import Counter

import pytest

from coffre.conformance import DUTIES, PROFILES, Bench, check, duty_of, every_check
from coffre.contract import Capability, refusing
from coffre.contract import requests as contract_requests

TRIALS = [trial for one in every_check() for trial in one.trials()]


def test_no_duty_is_without_a_check() -> None:
    tried = {one.duty.id for one in every_check()}

    assert DUTIES.keys() - tried == set()


def test_a_check_of_a_duty_that_does_not_exist_cannot_be_written() -> None:
    with pytest.raises(LookupError, match=r"put\.perfect"):

        @check("put.perfect")
        def anything(bench: Bench) -> None:
            """Nothing."""


def test_every_trial_has_a_name_of_its_own() -> None:
    assert [
        name for name, times in Counter(trial.id for trial in TRIALS).items() if times > 1
    ] == []


def test_no_trial_needs_quotes_on_a_command_line() -> None:
    assert [trial.id for trial in TRIALS if shlex.quote(trial.id) != trial.id] == []


def test_every_check_says_what_it_does() -> None:
    silent = [one.name for one in every_check() if not one.sentence.endswith((".", "?"))]

    assert silent == []


def test_every_duty_is_a_sentence_with_a_source() -> None:
    assert all(duty.text.endswith(".") and duty.source for duty in DUTIES.values())
    assert all(duty.profile in PROFILES for duty in DUTIES.values())


def test_every_capability_with_a_service_has_a_profile_of_checks() -> None:
    from coffre.conformance.checks.driver import NO_SERVICE_YET

    tried = {one.profile for one in every_check()} | {Capability.PREPARE}

    assert set(Capability) - set(NO_SERVICE_YET) - tried == set()


def test_every_field_that_needs_a_capability_is_tried_without_it() -> None:
    from coffre.conformance.checks.requests import USES

    kinds = (
        contract_requests.PutRequest,
        contract_requests.GetRequest,
        contract_requests.StatRequest,
        contract_requests.DeleteRequest,
        contract_requests.ListRequest,
    )
    conditional = refusing._conditional_fields
    needed = {needs for kind in kinds for _, _, needs, _ in conditional(kind) if needs}

    assert needed == set(USES)


def test_a_duty_is_found_by_its_id() -> None:
    assert duty_of("put.atomic").area == "put"
