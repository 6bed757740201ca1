"""The model test: a driver and a dictionary side by side, under whatever hypothesis thinks of.

Several sessions put, replace, read, list and delete a few objects in any order; after each step
the answer is held against the dictionary's. A history that goes wrong is shortened until nothing
can be left out of it; what the finding shows is that shortest history.

Only this module and ``histories`` import hypothesis.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from coffre.conformance.broken import expect, raises, same
from coffre.conformance.checks.services import bulk, deposit
from coffre.conformance.contents import ScriptedContent, some_bytes
from coffre.conformance.histories import EnoughError, Search
from coffre.conformance.session import Session
from coffre.contract import (
    Capability,
    DigestAlgorithm,
    ObjectConflictError,
    ObjectNotFoundError,
    PutResult,
    SourceError,
)
from coffre.streams import CHUNK

NAMES = ("a", "a.b", "A", "b", "long-" + "x" * 60)
DATA = {
    "nothing": b"",
    "charter": b"charter",
    "amended": b"charter, amended",
    "block": some_bytes(4096),
    "large": some_bytes(CHUNK + 1),
}
SESSIONS = 3

names = st.sampled_from(NAMES)
datas = st.sampled_from(tuple(DATA))  # by name: bytes would fill the reports
sessions = st.integers(0, SESSIONS - 1)
prefixes = st.sampled_from(("", "a", "a.", "b", "c"))
limits = st.sampled_from((None, 0, 1, 2, 10))


class Machine(RuleBasedStateMachine):
    """One history: three sessions, five names, and what a dictionary says they hold."""

    search: ClassVar[Search]

    def __init__(self) -> None:
        """Begin a history, in a corner of the container that no other one uses."""
        super().__init__()
        self.bench = self.search.bench
        self.bench.start_over()
        self.model: dict[str, bytes] = {}
        self.corner = f"h{next(self.search.histories)}-"
        self.sessions: list[Session] = []

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Note a failure together with its history; stop when time is over."""
        if self.search.over():
            raise EnoughError
        try:
            yield
        except Exception as error:
            self.search.failures.append((error, self.bench.trace))
            raise

    @initialize()
    def open_sessions(self) -> None:
        """All histories begin with three sessions."""
        with self.watched():
            for _ in range(SESSIONS):
                self.sessions.append(Session(self.bench, self.bench.connect()))

    # --- storing --------------------------------------------------------------------------

    @rule(who=sessions, name=names, data=datas, announce=st.booleans())
    def put(self, who: int, name: str, data: str, announce: bool) -> None:
        """Store, find the same there, or conflict."""
        session, key, new = self.sessions[who], self.corner + name, DATA[data]
        held = self.model.get(key)
        with self.watched():
            if held is not None and held != new:
                with raises(ObjectConflictError, f"a put of other bytes under {key}"):
                    session.put(key, new, announce=announce)
                return
            result = session.put(key, new, announce=announce)
            self._check_result(result, new, there=held is not None)
            self.model[key] = new

    def _check_result(self, result: PutResult, new: bytes, *, there: bool) -> None:
        same(result.already_there, there, "PutResult.already_there")
        same(result.size, len(new), "the size in the result")
        same(result.digest, DigestAlgorithm.SHA512.of(new), "the digest in the result")

    @precondition(lambda self: self.bench.has(Capability.REPLACE))
    @rule(who=sessions, name=names, data=datas)
    def replace(self, who: int, name: str, data: str) -> None:
        """Store, whatever was there."""
        key, new = self.corner + name, DATA[data]
        with self.watched():
            result = self.sessions[who].put(key, new, replace=True)
            same(result.digest, DigestAlgorithm.SHA512.of(new), "the digest in the result")
            self.model[key] = new

    @rule(who=sessions, name=names)
    def fail_to_put(self, who: int, name: str) -> None:
        """A source breaks off: nothing changes."""
        content = ScriptedContent(b"some bytes", SourceError("on purpose"), size=20)
        with self.watched(), raises(SourceError, "a put whose source fails"):
            self.sessions[who].pull(self.corner + name, content, 20)

    @precondition(lambda self: self.bench.has(Capability.BULK_PUT))
    @rule(who=sessions, puts=st.dictionaries(names, datas, max_size=4))
    def put_many(self, who: int, puts: dict[str, str]) -> None:
        """Each as if put alone."""
        session = self.sessions[who]
        with self.watched():
            wanted = {self.corner + name: DATA[data] for name, data in puts.items()}
            requests = [deposit(session, key, new) for key, new in wanted.items()]
            outcomes = bulk(self.bench, session, requests)
            for (key, new), outcome in zip(wanted.items(), outcomes, strict=True):
                held = self.model.get(key)
                if held is not None and held != new:
                    kind = type(outcome)
                    same(kind, ObjectConflictError, f"the outcome of other bytes under {key}")
                    continue
                expect(isinstance(outcome, PutResult), f"the put of {key} met {outcome!r}")
                if isinstance(outcome, PutResult):
                    self._check_result(outcome, new, there=held is not None)
                self.model[key] = new

    # --- removing -------------------------------------------------------------------------

    @rule(who=sessions, name=names)
    def delete(self, who: int, name: str) -> None:
        """It was there, or it was not."""
        key = self.corner + name
        with self.watched():
            result = self.sessions[who].delete(key)
            existed = self.model.pop(key, None) is not None
            same(result.existed, existed, f"DeleteResult.existed of {key}")

    @precondition(lambda self: self.bench.has(Capability.QUARANTINE))
    @rule(who=sessions, name=names)
    def set_aside(self, who: int, name: str) -> None:
        """Out of sight, or refused where nothing is."""
        session, key = self.sessions[who], self.corner + name
        with self.watched():
            if key not in self.model:
                with raises(ObjectNotFoundError, f"setting aside {key}"):
                    session.set_aside(key)
                return
            same(session.set_aside(key).size, len(self.model.pop(key)), "the size set aside")

    # --- asking ---------------------------------------------------------------------------

    @rule(who=sessions, name=names)
    def read(self, who: int, name: str) -> None:
        """The bytes and the size, or absent."""
        session, key = self.sessions[who], self.corner + name
        with self.watched():
            held = self.model.get(key)
            if held is None:
                session.absent(key)
                return
            same(session.read(key), held, f"the bytes read of {key}")
            same(session.stat(key).size, len(held), f"the size by stat of {key}")

    @precondition(lambda self: self.bench.has(Capability.RANGE_READ))
    @rule(who=sessions, name=names, begin=st.floats(0, 1), end=st.floats(0, 1))
    def read_part(self, who: int, name: str, begin: float, end: float) -> None:
        """A part of what is there."""
        session, key = self.sessions[who], self.corner + name
        held = self.model.get(key)
        if held is None:
            return
        offset = int(begin * len(held))
        length = int(end * (len(held) - offset))
        with self.watched():
            found = session.read(key, offset=offset, length=length)
            same(found, held[offset : offset + length], f"{length} bytes of {key} from {offset}")

    @precondition(lambda self: self.bench.has(Capability.OFFER_DIGEST))
    @rule(who=sessions, name=names, algorithm=st.sampled_from(DigestAlgorithm))
    def digest(self, who: int, name: str, algorithm: DigestAlgorithm) -> None:
        """Of what is there now."""
        key = self.corner + name
        held = self.model.get(key)
        if held is not None:
            with self.watched():
                told = self.sessions[who].stat(key, algorithm)
                same(told.digest, algorithm.of(held), f"the digest of {key}")

    @rule(who=sessions, prefix=prefixes, after=st.none() | names, limit=limits)
    def list(self, who: int, prefix: str, after: str | None, limit: int | None) -> None:
        """What begins so, after that, at most so many; complete or not."""
        resumed = None if after is None else self.corner + after
        owed = [
            (key, len(data))
            for key, data in sorted(self.model.items())
            if key.startswith(self.corner + prefix) and (resumed is None or key > resumed)
        ]
        with (
            self.watched(),
            self.sessions[who].listing(
                prefix=self.corner + prefix, after=resumed, limit=limit
            ) as listing,
        ):
            found = [(entry.identifier, entry.size) for entry in listing]
            same(found, owed[:limit], "the entries")
            same(listing.complete, limit is None or len(owed) <= limit, "Listing.complete")

    @rule(who=sessions)
    def reopen(self, who: int) -> None:
        """A session ends, and another takes its place."""
        with self.watched():
            self.sessions[who].close()
            self.sessions[who] = Session(self.bench, self.bench.connect())

    def teardown(self) -> None:
        """At the end, every session finds what the dictionary holds, and so does a look around."""
        try:
            # A history that has just gone wrong is not looked at again: it would be another one.
            if not self.search.went_wrong(self.bench.trace):
                with self.watched():
                    self._find_everything()
        finally:
            for session in self.sessions:
                session.connection.close()

    def _find_everything(self) -> None:
        for name in NAMES:
            key = self.corner + name
            held = self.model.get(key)
            for session in self.sessions:
                if held is None:
                    session.absent(key)
                else:
                    same(session.read(key), held, f"the bytes read of {key}")
            same(self.bench.at_rest(key), held, f"the bytes held under {key}")
        for session in self.sessions:
            same(session.names(prefix=self.corner), sorted(self.model), "the entries")
