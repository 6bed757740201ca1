"""What every driver and every session owes, whatever the service."""

from __future__ import annotations

import re

import pytest

from coffre.contract import (
    CapacityRequest,
    ConnectionParameters,
    OfferError,
    Version,
    check_contract,
)
from tests.conformance.harness import Harness, deposit


class DriverBasics:
    """What a driver tells of itself, and what it opens."""

    def test_it_says_who_it_is(self, harness: Harness) -> None:
        driver = harness.driver

        assert re.fullmatch(r"[a-z][a-z0-9-]*", driver.name)
        assert isinstance(driver.version, Version)
        check_contract(driver.name, driver.contract)

    def test_its_parameters_are_described(self, harness: Harness) -> None:
        names = [parameter.name for parameter in harness.driver.parameters]

        assert len(set(names)) == len(names)
        assert all(parameter.help for parameter in harness.driver.parameters)

    def test_a_session_declares_no_more_than_its_driver(self, harness: Harness) -> None:
        assert harness.capabilities <= harness.driver.capabilities

    def test_a_session_has_the_parameters_it_was_opened_with(self, harness: Harness) -> None:
        with harness.connect() as connection:
            assert connection.parameters == harness.parameters

    def test_the_parameters_of_a_session_cannot_be_changed(self, harness: Harness) -> None:
        with harness.connect() as connection:
            with pytest.raises(AttributeError):
                connection.parameters = ConnectionParameters(  # type: ignore[misc]
                    url="memory://elsewhere"
                )
            assert connection.parameters == harness.parameters

    def test_sessions_of_one_driver_are_apart(self, harness: Harness) -> None:
        with harness.connect() as one, harness.connect() as other:
            assert one is not other
            one.put(deposit("apart"))
            one.close()
            other.put(deposit("apart-too"))

    def test_closing_twice_is_harmless(self, harness: Harness) -> None:
        connection = harness.connect()

        connection.close()
        connection.close()

    def test_a_reachable_offer_is_available(self, harness: Harness) -> None:
        assert harness.driver.is_available(harness.parameters) is True

    def test_an_unreachable_offer_is_not_available_and_refuses_a_session(
        self, harness: Harness
    ) -> None:
        parameters = harness.unreachable()
        if parameters is None:
            pytest.skip("this offer is always reachable")

        assert harness.driver.is_available(parameters) is False
        with pytest.raises(OfferError):
            harness.driver.connect(parameters)

    def test_capacity_adds_up(self, harness: Harness) -> None:
        with harness.connect() as connection:
            connection.put(deposit("room", b"x" * 1000))
            told = connection.capacity(CapacityRequest())

        for amount in (told.total, told.used, told.free):
            assert amount is None or amount >= 0
        if told.total is not None and told.used is not None:
            assert told.used <= told.total
        if told.total is not None and told.free is not None:
            assert told.free <= told.total
