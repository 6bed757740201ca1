"""What foreign file systems raise, and what it says of the object: one row for each."""

from __future__ import annotations

import errno
import ftplib
import socket
import ssl

import pytest

from coffre.contract import (
    ConnectionLostError,
    ForbiddenError,
    ObjectNotFoundError,
    OfferError,
    OfferFailedError,
    OfferFullError,
    OfferTimeoutError,
    OfferUnavailableError,
)
from coffre.drivers.fsspec.errors import offer_error, translating


class StatusError(Exception):
    def __init__(self, status_code: int) -> None:
        super().__init__("https://user:hunter2@host/")
        self.status_code = status_code


class TransportError(Exception):
    """Named as HTTP clients name theirs."""


class ConnectError(TransportError):
    pass


class ReadTimeout(TransportError):  # noqa: N818 - as the client calls it
    pass


ROWS: list[tuple[Exception, type[OfferError]]] = [
    (StatusError(401), ForbiddenError),
    (StatusError(403), ForbiddenError),
    (StatusError(429), OfferUnavailableError),
    (StatusError(500), OfferFailedError),
    (StatusError(503), OfferUnavailableError),
    (StatusError(504), OfferUnavailableError),
    (StatusError(507), OfferFullError),
    (ftplib.error_temp("421 going away"), ConnectionLostError),
    (ftplib.error_temp("426 cut"), ConnectionLostError),
    (ftplib.error_temp("452 full"), OfferFullError),
    (ftplib.error_temp("451 failed"), OfferFailedError),
    (ftplib.error_perm("530 who are you"), ForbiddenError),
    (ftplib.error_perm("550 no"), ForbiddenError),
    (ftplib.error_perm("552 quota"), OfferFullError),
    (TimeoutError(), OfferTimeoutError),
    (ReadTimeout(), OfferTimeoutError),
    (ConnectError(), ConnectionLostError),
    (ConnectionResetError(), ConnectionLostError),
    (EOFError(), ConnectionLostError),
    (socket.gaierror(-2, "Name or service not known"), OfferUnavailableError),
    (ssl.SSLCertVerificationError(1, "self signed"), OfferUnavailableError),
    (OSError(errno.ENOSPC, "no space"), OfferFullError),
    (OSError(errno.EIO, "bad disk"), OfferFailedError),
    (OSError(errno.ESTALE, "stale"), OfferUnavailableError),
    (PermissionError(errno.EACCES, "no"), ForbiddenError),
    (OSError(errno.EROFS, "read-only"), ForbiddenError),
    (FileNotFoundError(errno.ENOENT, "gone"), OfferUnavailableError),
    (IndexError(), ConnectionLostError),
]


@pytest.mark.parametrize(("raised", "wanted"), ROWS, ids=lambda value: repr(value)[:40])
def test_it_is_said_in_the_words_of_the_contract(
    raised: Exception, wanted: type[OfferError]
) -> None:
    assert type(offer_error(raised)) is wanted


@pytest.mark.parametrize("raised", [row[0] for row in ROWS], ids=repr)
def test_absent_is_never_concluded_from_an_error(raised: Exception) -> None:
    assert not isinstance(offer_error(raised), ObjectNotFoundError)


def test_what_an_error_says_is_not_repeated_since_it_may_hold_a_secret() -> None:
    assert "hunter2" not in str(offer_error(StatusError(500)))
    assert "hunter2" not in str(offer_error(ValueError("ftp://user:hunter2@host")))


def test_an_answer_that_came_from_in_between_leaves_the_effect_in_doubt() -> None:
    for status in (502, 504):
        found = offer_error(StatusError(status))
        assert isinstance(found, OfferUnavailableError)
        assert found.effect_unknown


def test_an_error_of_the_contract_passes_unchanged() -> None:
    with pytest.raises(OfferFullError, match="as it was"), translating():
        raise OfferFullError("as it was")
