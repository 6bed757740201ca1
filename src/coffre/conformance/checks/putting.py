"""Checks of one object stored: whole or not at all."""

from __future__ import annotations

from coffre.conformance.bench import Bench
from coffre.conformance.broken import expect, raises, same
from coffre.conformance.check import check, check_each
from coffre.conformance.contents import some_bytes
from coffre.contract import DigestAlgorithm, ObjectConflictError
from coffre.streams import CHUNK

EDGES = (0, 1, 511, 4096, 4097, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 7)
"""Sizes around which drivers change their ways, in bytes."""


@check_each("put.whole", EDGES)
def the_bytes_held_are_the_bytes_sent(bench: Bench, size: int) -> None:
    """A put of that many bytes, and a look at what the offer holds."""
    data = some_bytes(size)
    with bench.session() as session:
        result = session.put("edge", data)
        same(result.size, size, "the size in the result")
        same(result.digest, DigestAlgorithm.SHA512.of(data), "the digest in the result")
        expect(not result.already_there, "the result says that the object was there before")
    same(bench.at_rest("edge"), data, "the bytes held")


@check("put.conflict")
def other_bytes_are_refused_and_change_nothing(bench: Bench) -> None:
    """A put of other bytes, of more and of none, under a reference that is held."""
    with bench.session() as session:
        session.put("held", b"the first")
        for other in (b"the other", b"the first and more", b"the fir", b""):
            with raises(ObjectConflictError, f"a put of {len(other)} other bytes"):
                session.put("held", other)
    same(bench.at_rest("held"), b"the first", "the bytes held")
