"""What the system says, in the words of the contract."""

from __future__ import annotations

import errno
import os

import pytest

from coffre.contract import (
    ConnectionLostError,
    ForbiddenError,
    ObjectCorruptError,
    ObjectNotFoundError,
    OfferError,
    OfferFailedError,
    OfferFullError,
    OfferTimeoutError,
    OfferUnavailableError,
)
from coffre.drivers.filesystem.errors import offer_error, translating
from tests.unit.drivers.filesystem.conftest import ref_of


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, OfferFullError),
        (errno.EDQUOT, OfferFullError),
        (errno.EFBIG, OfferFullError),
        (errno.EACCES, ForbiddenError),
        (errno.EPERM, ForbiddenError),
        (errno.EROFS, ForbiddenError),
        (errno.ESTALE, OfferUnavailableError),
        (errno.ENOTCONN, OfferUnavailableError),
        (errno.EMFILE, OfferUnavailableError),
        (errno.ENOENT, OfferUnavailableError),
        (errno.ETIMEDOUT, OfferTimeoutError),
        (errno.ELOOP, ObjectCorruptError),
        (errno.EIO, OfferFailedError),
        (errno.EBADF, ConnectionLostError),
        (errno.EINVAL, OfferFailedError),
    ],
    ids=lambda value: errno.errorcode[value] if isinstance(value, int) else value.__name__,
)
def test_each_answer_of_the_system_has_its_error(number: int, kind: type[OfferError]) -> None:
    found = offer_error(OSError(number, os.strerror(number)), ref_of("a"))

    assert type(found) is kind
    assert found.ref == ref_of("a")
    assert found.message


def test_nothing_there_is_never_concluded_from_an_error_alone() -> None:
    found = offer_error(FileNotFoundError(errno.ENOENT, "No such file or directory"))

    assert not isinstance(found, ObjectNotFoundError)


def test_an_error_keeps_what_caused_it() -> None:
    cause = OSError(errno.EIO, "Input/output error")

    with pytest.raises(OfferFailedError) as caught, translating(ref_of("a")):
        raise cause

    assert caught.value.__cause__ is cause


def test_an_error_of_the_contract_passes_though_it_is_an_os_error_too() -> None:
    born = ObjectNotFoundError("not held here")
    assert isinstance(born, OSError)

    with pytest.raises(ObjectNotFoundError) as caught, translating():
        raise born

    assert caught.value is born
