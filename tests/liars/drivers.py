"""Lies of drivers: who they are, what they declare, whom they let in; and of parameters."""

from __future__ import annotations

import time
from typing import Any

from coffre.contract import (
    Capability,
    ConnectionParameters,
    ForbiddenError,
    ObjectNotFoundError,
    OfferUnavailableError,
    Parameter,
    PutRequest,
    PutResult,
    Version,
)
from coffre.streams import Copied
from coffre.testing import MemoryConnection, MemoryOffer
from tests.liars.honest import HonestConnection, HonestDriver
from tests.liars.liar import liar


@liar("driver.identity")
class CallsItselfByASentence(HonestDriver):
    """Its name is a sentence."""

    name = "The Best Driver"


@liar("driver.identity")
class IsWrittenForAnotherContract(HonestDriver):
    """It was written for a contract that this coffre does not speak."""

    contract = Version(2, 0)


@liar("driver.described")
class DescribesAParameterTwice(HonestDriver):
    """One parameter is described twice."""

    parameters = (*HonestDriver.parameters, Parameter(name="user", help="Again."))


@liar("driver.described")
class HasADefaultThatIsRefused(HonestDriver):
    """The default of a parameter is none of its choices."""

    parameters = (
        *HonestDriver.parameters,
        Parameter(name="place", help="Where.", choices=("here", "there"), default="nowhere"),
    )


@liar("driver.described")
class ExplainsNothing(HonestDriver):
    """A parameter has no word of help."""

    parameters = (*HonestDriver.parameters, Parameter(name="x", help=""))


@liar("driver.declared")
class SessionsDeclareMore(HonestDriver):
    """Its sessions declare what the driver does not."""

    capabilities = HonestDriver.capabilities - {Capability.METADATA}


@liar("driver.declared")
class DeclaresLessOnceUsed(HonestConnection):
    """A session declares less once it was used."""

    def publish(self, request: PutRequest, data: bytes, copied: Copied) -> PutResult:
        self.capabilities = frozenset()
        return super().publish(request, data, copied)


class WithoutBulk(HonestConnection):
    bulk_put: Any = None


@liar("driver.services")
class DeclaresAServiceThatIsNotThere(HonestDriver):
    """Bulk puts are declared, and there is no method for them."""

    connection = WithoutBulk


@liar("driver.services", remark="'sweep' is not declared")
class DoesWithoutDeclaring(HonestConnection):
    """It sweeps, and does not declare it: no lie, and of no use to anybody."""

    capabilities = HonestConnection.capabilities - {Capability.SWEEP}


@liar("driver.services")
class DeclaresToPrepare(HonestDriver):
    """Preparing offers is declared, and the driver cannot."""

    capabilities = HonestDriver.capabilities | {Capability.PREPARE}


@liar("driver.defined")
class DeclaresWhatHasNoService(HonestConnection):
    """Puts that go on where they stopped are declared, and nobody can ask for one."""

    capabilities = HonestConnection.capabilities | {Capability.RESUMABLE_PUT}


# --- availability --------------------------------------------------------------------------------


@liar("driver.available")
class IsAlwaysAvailable(HonestDriver):
    """It says that the service answers, whether it does or not."""

    def is_available(self, parameters: ConnectionParameters) -> bool:
        return True


@liar("driver.available")
class IsNeverAvailable(HonestDriver):
    """It never says that the service answers."""

    def is_available(self, parameters: ConnectionParameters) -> bool:
        return False


@liar("driver.available")
class RaisesWhenUnavailable(HonestDriver):
    """Asked whether the service answers, it raises when it does not."""

    def is_available(self, parameters: ConnectionParameters) -> bool:
        self.connect(parameters).close()
        return True


@liar("driver.available")
class IsAvailableToAnybody(HonestDriver):
    """It is available to a user who is refused."""

    def is_available(self, parameters: ConnectionParameters) -> bool:
        return MemoryOffer.at(parameters.url).online


@liar("driver.unreachable")
class OpensSessionsWithNobody(HonestDriver):
    """A session is opened with a service that cannot be reached."""

    def connect(self, parameters: ConnectionParameters) -> MemoryConnection:
        return self.connection(parameters, MemoryOffer.at(parameters.url), self)


class Reaches(HonestDriver):
    """A driver that says something else when the service cannot be reached."""

    def unreached(self) -> Exception:
        raise NotImplementedError

    def connect(self, parameters: ConnectionParameters) -> MemoryConnection:
        try:
            return super().connect(parameters)
        except OfferUnavailableError as error:
            raise self.unreached() from error


@liar("driver.unreachable")
class SaysNotFoundForUnreachable(Reaches):
    """A service that cannot be reached holds nothing, it says."""

    def unreached(self) -> Exception:
        return ObjectNotFoundError("nothing there")


@liar("driver.unreachable")
class DoubtsWhatItNeverSent(Reaches):
    """A service that could not be reached may have done something, it says."""

    def unreached(self) -> Exception:
        return OfferUnavailableError("no answer", effect_unknown=True)


@liar("driver.unreachable")
class LetsASocketErrorThrough(Reaches):
    """What the library raised comes through as it was."""

    def unreached(self) -> Exception:
        return ConnectionRefusedError(111, "Connection refused")


@liar("driver.refused")
class LetsAnybodyIn(HonestDriver):
    """The password is not looked at."""

    def connect(self, parameters: ConnectionParameters) -> MemoryConnection:
        offer = MemoryOffer.at(parameters.url)
        offer.begin("connect")
        return self.connection(parameters, offer, self)


@liar("driver.refused")
class CallsARefusalUnavailable(HonestDriver):
    """A wrong password is told as a service that cannot be reached."""

    def connect(self, parameters: ConnectionParameters) -> MemoryConnection:
        try:
            return super().connect(parameters)
        except ForbiddenError as error:
            raise OfferUnavailableError("no session") from error


@liar("driver.threads")
class ServesOneThreadAtATime(HonestDriver):
    """Opening sessions from several threads at once mixes them up."""

    def connect(self, parameters: ConnectionParameters) -> MemoryConnection:
        if self.notes.get("busy"):
            raise RuntimeError("re-entered")
        self.notes["busy"] = True
        try:
            time.sleep(0.002)
            return super().connect(parameters)
        finally:
            self.notes["busy"] = False
