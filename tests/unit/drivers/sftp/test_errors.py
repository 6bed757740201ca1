"""Every status, and every end of a line, has one meaning in the words of the contract."""

from __future__ import annotations

import pytest

from coffre.contract import (
    ConnectionLostError,
    ForbiddenError,
    ObjectConflictError,
    OfferError,
    OfferFailedError,
    OfferFullError,
    OfferTimeoutError,
    OfferUnavailableError,
    UnsupportedOperationError,
)
from coffre.drivers.sftp import packets
from coffre.drivers.sftp.errors import line_error, status_error, translating
from coffre.drivers.sftp.exchange import Exchange, LineLostError, LineSilentError, StatusError
from tests.conformance.deposits import named
from tests.unit.drivers.sftp.test_exchange import GREETING, Script

TABLE: list[tuple[int, type[OfferError]]] = [
    (packets.END, OfferFailedError),
    (packets.NO_SUCH_FILE, OfferUnavailableError),
    (packets.PERMISSION_DENIED, ForbiddenError),
    (packets.FAILURE, OfferFailedError),
    (packets.BAD_MESSAGE, OfferFailedError),
    (packets.NO_CONNECTION, OfferUnavailableError),
    (packets.CONNECTION_LOST, OfferUnavailableError),
    (packets.UNSUPPORTED, UnsupportedOperationError),
    (packets.NO_SUCH_PATH, OfferUnavailableError),
    (packets.WRITE_PROTECTED, ForbiddenError),
    (packets.NO_SPACE, OfferFullError),
    (packets.QUOTA, OfferFullError),
    (99, OfferFailedError),
]


@pytest.mark.parametrize(("status", "kind"), TABLE)
def test_a_status_has_one_meaning(status: int, kind: type[OfferError]) -> None:
    error = status_error(StatusError(status, "as told"), named("it"))

    assert type(error) is kind
    assert "as told" in str(error)
    assert error.ref == named("it")
    assert not getattr(error, "effect_unknown", False), "the server answered"


@pytest.mark.parametrize("in_doubt", [True, False])
@pytest.mark.parametrize(
    ("lost", "kind"), [(LineLostError, ConnectionLostError), (LineSilentError, OfferTimeoutError)]
)
def test_a_line_that_ends_leaves_the_doubt_there_was(
    lost: type[LineLostError], kind: type[OfferUnavailableError], in_doubt: bool
) -> None:
    error = line_error(lost("why"), named("it"), in_doubt=in_doubt)

    assert type(error) is kind
    assert error.effect_unknown is in_doubt
    assert error.retryable
    assert "connect again" in str(error)


def test_errors_of_the_contract_pass_unchanged() -> None:
    exchange = Exchange(Script(GREETING))

    with pytest.raises(ObjectConflictError), translating(exchange, named("it")):
        raise ObjectConflictError("they differ")
    with pytest.raises(ZeroDivisionError), translating(exchange):
        raise ZeroDivisionError
    with pytest.raises(ForbiddenError), translating(exchange):
        raise StatusError(packets.PERMISSION_DENIED, "")
