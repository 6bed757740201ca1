"""Lies of errors and requests: the wrong class, false hope, doubt, silence, and secrets."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import NoReturn

from coffre.contract import (
    Capability,
    ConnectionParameters,
    DeleteRequest,
    DeleteResult,
    ForbiddenError,
    GetRequest,
    GetResult,
    Listing,
    ListRequest,
    ObjectConflictError,
    ObjectNotFoundError,
    ObjectRef,
    OfferError,
    OfferUnavailableError,
    PutRequest,
    PutResult,
    QuarantineRequest,
    QuarantineResult,
    StatRequest,
    StatResult,
)
from coffre.streams import Copied
from coffre.testing import MemoryConnection, MemoryOffer
from tests.liars.honest import HonestConnection, HonestDriver
from tests.liars.liar import liar


class Raises(HonestConnection):
    """A session that raises something else."""

    def wrong(self, error: OfferError) -> BaseException:
        raise NotImplementedError

    def publish(self, request: PutRequest, data: bytes, copied: Copied) -> PutResult:
        try:
            return super().publish(request, data, copied)
        except OfferError as error:
            raise self.wrong(error)  # noqa: B904 - what it is raised from is the liar's own

    def get(self, request: GetRequest) -> GetResult:
        try:
            return super().get(request)
        except OfferError as error:
            raise self.wrong(error)  # noqa: B904 - what it is raised from is the liar's own


@liar("error.family")
class RaisesWhatTheLibraryRaised(Raises):
    """What is not held is a ``KeyError``."""

    def wrong(self, error: OfferError) -> BaseException:
        return KeyError(str(error.ref)) if isinstance(error, ObjectNotFoundError) else error


@liar("error.family")
class BlamesAnotherObject(Raises):
    """An error names another object than the one it is about."""

    def wrong(self, error: OfferError) -> BaseException:
        error.ref = ObjectRef(tenant=0, container="object", identifier="another")
        return error


@liar("error.family")
class SaysNothing(Raises):
    """Errors have no message."""

    def wrong(self, error: OfferError) -> BaseException:
        return type(error)("", ref=error.ref)


class HopefulConflictError(ObjectConflictError):
    retryable = True


class HopelessError(OfferUnavailableError):
    retryable = False


@liar("error.retryable")
class HopesForAConflictToPass(Raises):
    """A conflict says that the same put may succeed later."""

    def wrong(self, error: OfferError) -> BaseException:
        if isinstance(error, ObjectConflictError):
            return HopefulConflictError("try again", ref=error.ref)
        return error


@liar("error.retryable")
class GivesUpForEver(HonestDriver):
    """A service that cannot be reached now can never be, it says."""

    def connect(self, parameters: ConnectionParameters) -> MemoryConnection:
        try:
            return super().connect(parameters)
        except OfferUnavailableError as error:
            raise HopelessError("never again") from error


# --- a service that is stopped -------------------------------------------------------------------


@liar("error.stopped")
class SaysAbsentForUnreachable(HonestConnection):
    """Of a service that is stopped it says that the object is not there."""

    def stat(self, request: StatRequest) -> StatResult:
        try:
            return super().stat(request)
        except OfferUnavailableError:
            raise ObjectNotFoundError("not found", ref=request.ref) from None


@liar("error.stopped")
class ListsNothingForUnreachable(HonestConnection):
    """Of a service that is stopped it lists nothing, and says that this is all."""

    def list(self, request: ListRequest) -> Listing:
        try:
            return super().list(request)
        except OfferUnavailableError:
            return Listing(iter(()))


@liar("error.stopped")
class AcknowledgesToTheStopped(HonestConnection):
    """A put to a service that is stopped is acknowledged."""

    def put(self, request: PutRequest) -> PutResult:
        try:
            return super().put(request)
        except OfferUnavailableError:
            return self.result(self.pull(request)[1])


@liar("error.stopped")
class DeletesNothingOfTheStopped(HonestConnection):
    """Of a service that is stopped it says that there was nothing to delete."""

    def delete(self, request: DeleteRequest) -> DeleteResult:
        try:
            return super().delete(request)
        except OfferUnavailableError:
            return DeleteResult(existed=False)


@liar("error.stopped")
class FindsNothingBadInTheStopped(HonestConnection):
    """Of a service that is stopped it says that there is nothing to set aside."""

    def quarantine(self, request: QuarantineRequest) -> QuarantineResult:
        try:
            return super().quarantine(request)
        except OfferUnavailableError:
            raise ObjectNotFoundError("not found", ref=request.ref) from None


@liar("error.recovers")
class NeverTriesAgain(HonestDriver):
    """Once the service was found away it is away for ever."""

    def connect(self, parameters: ConnectionParameters) -> MemoryConnection:
        if parameters.url in self.notes:
            raise OfferUnavailableError("it was away")
        try:
            return super().connect(parameters)
        except OfferUnavailableError:
            self.notes[parameters.url] = True
            raise


@liar("error.recovers")
class ForgetsWhatItCannotReach(HonestDriver):
    """What the service held is forgotten when it is found away."""

    def connect(self, parameters: ConnectionParameters) -> MemoryConnection:
        offer = MemoryOffer.at(parameters.url)
        if not offer.online:
            for ref in offer.refs():
                offer.forget(ref)
        return super().connect(parameters)


# --- requests ------------------------------------------------------------------------------------


class Ignores(HonestConnection):
    """A session that does not look at what it does not declare."""

    def _put(self, request: PutRequest) -> PutResult:
        data, copied = self.receive(request)
        return self.publish(request, data, copied)


@liar("request.refused")
class IgnoresMetadata(Ignores):
    """Metadata, which it does not declare, is dropped without a word."""

    capabilities = HonestConnection.capabilities - {Capability.METADATA}

    def publish(self, request: PutRequest, data: bytes, copied: Copied) -> PutResult:
        return super().publish(replace(request, metadata={}), data, copied)


@liar("request.refused")
class IgnoresRanges(Ignores):
    """A range, which it does not declare, is answered with the whole object."""

    capabilities = HonestConnection.capabilities - {Capability.RANGE_READ}

    def get(self, request: GetRequest) -> GetResult:
        return super().get(replace(request, offset=0, length=None))


@liar("request.refused")
class IgnoresDigests(Ignores):
    """A digest, which it does not declare, is asked for in vain."""

    capabilities = HonestConnection.capabilities - {Capability.OFFER_DIGEST}

    def stat(self, request: StatRequest) -> StatResult:
        return super().stat(replace(request, digest=None))


@liar("request.refused")
class IgnoresRetention(Ignores):
    """A retention date, which it does not declare, is dropped without a word."""

    capabilities = HonestConnection.capabilities - {Capability.RETENTION}

    def publish(self, request: PutRequest, data: bytes, copied: Copied) -> PutResult:
        return super().publish(replace(request, retain_until=None), data, copied)


@liar("request.refused")
class IgnoresThatOthersMayBeReplaced(Ignores):
    """A put that may replace, which it does not declare, is acknowledged and dropped."""

    capabilities = HonestConnection.capabilities - {Capability.REPLACE}

    def publish(self, request: PutRequest, data: bytes, copied: Copied) -> PutResult:
        if request.replace and self.found(request.ref) is not None:
            return self.result(copied)
        return super().publish(request, data, copied)


@liar("request.refused", remark="'replace' works, and is not declared")
class ReplacesWithoutDeclaring(Ignores):
    """It replaces objects, and does not declare it: no lie, and of no use to anybody."""

    capabilities = HonestConnection.capabilities - {Capability.REPLACE}


@liar("request.refused")
class RefusesTooLate(Ignores):
    """A put that it cannot do is refused once its content was read."""

    capabilities = HonestConnection.capabilities - {Capability.RETENTION}

    def _put(self, request: PutRequest) -> PutResult:
        self.receive(request)
        return HonestConnection._put(self, request)


# --- secrets -------------------------------------------------------------------------------------


@liar("secret.errors")
class TellsItsPasswordInAMessage(Raises):
    """What is not found is not found for somebody with this password."""

    def wrong(self, error: OfferError) -> BaseException:
        return type(error)(f"{error} for {self.parameters.text('password')}", ref=error.ref)


@liar("secret.errors")
class TellsItsPasswordInTheCause(Raises):
    """The cause of an error quotes the address with the password in it."""

    def wrong(self, error: OfferError) -> BaseException:
        error.__context__ = ValueError(f"https://u:{self.parameters.text('password')}@host/")
        return error


@liar("secret.errors")
class NotesItsPassword(Raises):
    """A note on an error quotes the password."""

    def wrong(self, error: OfferError) -> BaseException:
        error.add_note(f"password {self.parameters.text('password')}")
        return error


class TellsWhoIsRefused(HonestDriver):
    def refused(self, password: str) -> NoReturn:
        raise ForbiddenError(f"not the password: {password}")


@liar("secret.errors")
class TellsThePasswordThatWasTried(TellsWhoIsRefused):
    """A user who is refused reads the password that was tried in the error."""

    def connect(self, parameters: ConnectionParameters) -> MemoryConnection:
        try:
            return super().connect(parameters)
        except ForbiddenError:
            self.refused(parameters.text("password"))


@liar("secret.logs")
class LogsItsPassword(HonestDriver):
    """The password is logged at the lowest level."""

    def connect(self, parameters: ConnectionParameters) -> MemoryConnection:
        logging.getLogger("liar").log(1, "login %s", parameters.text("password"))
        return super().connect(parameters)
