"""The twelve laws, whatever happens in whatever order: an archive against a plain dictionary.

Hypothesis chooses what is done and which faults come in between: offers down, answers lost,
transfers broken, bits flipped at rest, on the way in and on the way out, copies lost, writes that
were acknowledged and never made. After each step the laws are checked against a model that is
one dictionary, and against the bytes that the offers really hold.
"""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from coffre.contract import (
    CoffreError,
    ForbiddenError,
    ObjectConflictError,
    ObjectNotFoundError,
    ObjectRef,
    OfferFailedError,
)
from coffre.engine import (
    DeletionOrder,
    Finding,
    FindingCode,
    Limits,
    NoReadableCopyError,
    NotEnoughCopiesError,
    PutItem,
    Receipt,
    RepairAction,
)
from coffre.engine.ledger import DebtKind, LedgerError
from coffre.testing import (
    BrokenListing,
    BrokenRead,
    ErrorAfter,
    ErrorBefore,
    FalselyAbsent,
    Fault,
    FlipOnRead,
    FlipOnWrite,
    LostDelete,
    LostWrite,
    ShortRead,
    TornWrite,
)
from tests.laws.archive import NAMES, STRATEGIES, Archive, archive_in, ref, sha512

LARGE = bytes(range(256)) * 4800  # through the ring, with a thread for each offer
DATA = {"empty": b"", "charter": b"charter", "amended": b"charter, amended", "large": LARGE}
REFS = (ref("a"), ref("b"), ref("index", "tmp"), ref("year", "report"))
FREE = ("tmp",)
KEPT = ("report",)
Place = tuple[str, ObjectRef]
Trouble = tuple[str, tuple[str, Fault], int]
WRITES = (FlipOnWrite(), LostWrite(), TornWrite())
"""Lies that only reading back can find."""
WEATHER: dict[str, tuple[Fault, ...]] = {
    "put": (ErrorBefore(), ErrorBefore(OfferFailedError), ErrorAfter(), *WRITES),
    "bulk_put": (ErrorBefore(), ErrorAfter(), *WRITES),
    "get": (ErrorBefore(), BrokenRead(), ShortRead(), FlipOnRead(), FalselyAbsent()),
    "stat": (ErrorBefore(),),
    "delete": (ErrorBefore(), ErrorAfter(), LostDelete()),
    "list": (ErrorBefore(), BrokenListing()),
    "quarantine": (ErrorBefore(), ErrorAfter()),
    "connect": (ErrorBefore(),),
}


def troubles(*operations: str) -> st.SearchStrategy[list[Trouble]]:
    """Some faults that may befall these operations: offer, operation, fault, at which call."""
    faults = [
        (operation, fault) for operation in (*operations, "connect") for fault in WEATHER[operation]
    ]
    one = st.tuples(st.sampled_from(NAMES), st.sampled_from(faults), st.integers(1, 3))
    return st.lists(one, max_size=3)


refs = st.sampled_from(REFS)
contents = st.sampled_from(tuple(DATA))  # by name: bytes would fill the reports
names = st.sampled_from(NAMES)
strategies = st.sampled_from(tuple(STRATEGIES))
choices = st.integers(0, 11)  # of what there is at that moment


class Laws(RuleBasedStateMachine):
    """One archive, and what must be true of it."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.archive: Archive = self.stack.enter_context(
            archive_in(limits=Limits(brake_floor=1000, brake_count=10_000))
        )
        self.model: dict[ObjectRef, bytes] = {}
        self.numbers: dict[ObjectRef, int] = {}
        self.hurt: set[Place] = set()
        """Copies that a fault may have spoilt or lost behind the ledger's back."""
        self.given: set[bytes] = set()
        self.orders = 0

    @initialize(stored=st.lists(st.tuples(refs, contents), max_size=4), strategy=strategies)
    def begin(self, stored: list[tuple[ObjectRef, str]], strategy: str) -> None:
        """Most archives are not empty."""
        self.put_many(asked=stored, strategy=strategy, trouble=[])

    def teardown(self) -> None:
        try:
            self.archive.calm()
            self._the_ledger_is_whole()
            self._each_offer_alone_gives_the_ledger_back()
            assert self.archive.leaks() == []
        finally:
            self.stack.close()

    # --- what is done ------------------------------------------------------------------------

    @rule(one=refs, content=contents, strategy=strategies, trouble=troubles("put", "get", "stat"))
    def put(self, one: ObjectRef, content: str, strategy: str, trouble: list[Trouble]) -> None:
        data = DATA[content]
        self._brew(trouble)
        must = self._must_succeed(one, data, strategy)
        fired = self._fired()
        try:
            receipt = self.archive.engine.put(data, one, strategy=strategy)
        except CoffreError as error:
            self._put_failed(one, data, error, fired)
            failed = error
        else:
            self._put_succeeded(one, data, receipt, strategy, fired)
            return
        assert not must, f"nothing stood in the way: {failed!r}"

    @rule(
        asked=st.lists(st.tuples(refs, contents), min_size=1, max_size=4),
        strategy=strategies,
        trouble=troubles("put", "bulk_put", "get", "stat"),
    )
    def put_many(
        self, asked: list[tuple[ObjectRef, str]], strategy: str, trouble: list[Trouble]
    ) -> None:
        self._brew(trouble)
        fired = self._fired()
        items = [(one, DATA[content]) for one, content in asked]
        job = [
            PutItem(ref=one, source=data, name=str(number))
            for number, (one, data) in enumerate(items)
        ]
        answered = Counter[str]()
        for answer in self.archive.engine.put_many(job, strategy=strategy):
            self.archive.hear(answer)
            one, data = items[int(answer.name)]
            answered[answer.name] += 1
            if isinstance(answer, Receipt):
                self._put_succeeded(one, data, answer, strategy, fired)
            else:
                self._put_failed(one, data, answer.error, fired)
        assert answered == Counter(item.name for item in job)

    @rule(one=refs, content=contents, bulk=st.booleans())
    def put_without_a_ledger(self, one: ObjectRef, content: str, bulk: bool) -> None:
        """Law 7: what cannot be recorded is not acknowledged."""
        data = DATA[content]
        self._strict_places_only(one)
        fired = self._fired()
        recording = self.archive.ledger._recording

        def refuse() -> None:
            raise LedgerError("the disk of the ledger is full")

        self.archive.ledger._recording = refuse  # type: ignore[method-assign, assignment]
        job = [PutItem(ref=one, source=data)]
        try:
            if bulk:
                (answer,) = self.archive.engine.put_many(job)
            else:
                answer = self.archive.engine.put(data, one)
        except CoffreError as error:
            self._put_failed(one, data, error, fired)
        else:
            if isinstance(answer, Receipt):
                assert answer.already_stored
                assert self.model[one] == data
            else:
                assert isinstance(answer.error, ObjectConflictError | NotEnoughCopiesError)
                self._put_failed(one, data, answer.error, fired)
        finally:
            self.archive.ledger._recording = recording  # type: ignore[method-assign]

    @precondition(lambda self: bool(self.model))
    @rule(choice=choices, trouble=troubles("get"))
    def get(self, choice: int, trouble: list[Trouble]) -> None:
        one = self._chosen(choice)
        self._brew(trouble)
        try:
            with self.archive.engine.get(one) as reader:
                self.archive.hear(reader)
                assert reader.read() == self.model[one]
        except ObjectNotFoundError:
            assert one not in self.model
        except NoReadableCopyError as error:
            self.archive.hear(error)

    @precondition(lambda self: bool(self.model))
    @rule(choice=choices, trouble=troubles("get"))
    def stream(self, choice: int, trouble: list[Trouble]) -> None:
        """Whoever was given everything without an error was given the right bytes."""
        one = self._chosen(choice)
        self._brew(trouble)
        try:
            with self.archive.engine.get(one, verified=False) as reader:
                data = reader.read()
        except CoffreError as error:
            self.archive.hear(error)
        else:
            assert data == self.model[one]

    @rule(choice=choices, trouble=troubles("delete", "stat"))
    def delete(self, choice: int, trouble: list[Trouble]) -> None:
        one = self._chosen(choice) if self.model else REFS[choice % len(REFS)]
        self._brew(trouble)
        self.orders += 1
        order = DeletionOrder(ref=one, author="archivist", reason=f"decision {self.orders}")
        try:
            deletion = self.archive.engine.delete(order)
        except ForbiddenError:
            assert one.container in KEPT
            return
        except ObjectNotFoundError:
            assert one not in self.model
            return
        self.archive.hear(deletion)
        assert one.container not in KEPT
        del self.model[one]
        self._may_vanish({(name, one) for name in NAMES})
        owed = {name for name, where in self.archive.deletions_owed() if where == one}
        assert owed >= set(deletion.owed)

    @rule(trouble=troubles("get", "list"))
    def audit(self, trouble: list[Trouble]) -> None:
        self._brew(trouble)
        self._audit(calm=False)

    @rule()
    def audit_in_calm(self) -> None:
        self.archive.calm()
        self._audit(calm=True)

    @rule(trouble=troubles("get", "put", "quarantine", "delete", "stat"))
    def repair(self, trouble: list[Trouble]) -> None:
        self._brew(trouble)
        self._repair()

    @rule()
    def repair_in_calm(self) -> None:
        """Whatever has one good copy left has all of them again."""
        self.archive.calm()
        list(self.archive.engine.audit(resume=False))
        self._repair()
        at_rest = self.archive.at_rest()
        for one, data in self.model.items():
            held = {name for name in NAMES if at_rest.get((name, one)) == data}
            assert held in (set(), set(NAMES)), f"{one}: {held}"
        assert not self.archive.deletions_owed()
        lost = [
            one
            for one, data in self.model.items()
            if all(at_rest.get((name, one)) != data for name in NAMES)
        ]
        if not lost:
            assert not list(self.archive.ledger.debts())

    @rule()
    def restart(self) -> None:
        self.archive.restart()

    @rule()
    def read_everything_in_calm(self) -> None:
        """Acknowledged means readable, unless every copy was really destroyed."""
        self.archive.calm()
        at_rest = self.archive.at_rest()
        for one, data in self.model.items():
            copies = {copy.offer for copy in self.archive.records()[one].copies}
            if any(at_rest.get((name, one)) == data for name in copies):
                with self.archive.engine.get(one) as reader:
                    assert reader.read() == data
            else:
                unhurt = {name for name in copies if (name, one) not in self.hurt}
                assert not unhurt, f"{one} was lost on {unhurt}"

    # --- what goes wrong --------------------------------------------------------------------

    @rule(online=st.sets(names))
    def offers_come_and_go(self, online: set[str]) -> None:
        for name in NAMES:
            self.archive.memory[name].online = name in online

    @rule()
    def weather_clears(self) -> None:
        self.archive.calm()

    @precondition(lambda self: bool(self.seen))
    @rule(choice=choices, lost=st.booleans())
    def a_copy_rots_or_is_lost(self, choice: int, lost: bool) -> None:
        name, one = sorted(self.seen)[choice % len(self.seen)]
        if lost:
            self.archive.memory[name].forget(one)
        else:
            self.archive.memory[name].damage(one)
        self._hurt(name, one)

    @precondition(lambda self: bool(self.model))
    @rule(choice=choices, spoilt=st.sets(names, min_size=1), mend=st.booleans())
    def an_object_rots_on_several_offers(self, choice: int, spoilt: set[str], mend: bool) -> None:
        """And is read, or audited and mended, before anything else happens."""
        one = self._chosen(choice)
        for name in sorted(spoilt):
            if (name, one) in self.seen:
                self.archive.memory[name].damage(one)
                self._hurt(name, one)
        if mend:
            list(self.archive.engine.audit(resume=False))
            self._repair()
        else:
            self.get(choice=choice, trouble=[])

    # --- what must be true after every step ---------------------------------------------------

    @invariant()
    def law_1_the_expected_digest_never_changes(self) -> None:
        records = self.archive.records()
        assert set(records) == set(self.model)
        for one, data in self.model.items():
            record = records[one]
            assert (record.digest, record.size) == (sha512(data), len(data))
            assert record.id == self.numbers[one]

    @invariant()
    def laws_4_and_8_a_copy_called_verified_is_one_unless_a_fault_hid_it(self) -> None:
        at_rest = self.archive.at_rest()
        for name, one in self.archive.verified():
            if at_rest.get((name, one)) != self.model[one]:
                assert (name, one) in self.hurt, f"{one} on {name} is not what the ledger says"
            else:
                self.hurt.discard((name, one))

    @invariant()
    def law_5_an_object_is_there_whole_or_not_at_all(self) -> None:
        for (name, one), data in self.archive.at_rest().items():
            assert data in self.given or (name, one) in self.hurt

    @invariant()
    def every_copy_that_should_be_there_is_verified_or_owed(self) -> None:
        for record in self.archive.records().values():
            good = {name for name, one in self.archive.verified() if one == record.ref}
            owed = {debt.offer for debt in record.debts if debt.kind is DebtKind.COPY}
            assert good | owed == set(NAMES)
            assert not good & owed

    @invariant()
    def law_3_nothing_vanishes_or_changes_unless_a_rule_said_so(self) -> None:
        now = self.archive.at_rest()
        changed = {place for place, data in self.seen.items() if now.get(place) != data}
        allowed, self.allowed = self.allowed, set()
        assert changed <= allowed, f"{changed - allowed} vanished or changed without an order"
        self.seen = now

    # --- how -------------------------------------------------------------------------------------

    seen: dict[Place, bytes] = {}  # noqa: RUF012 - replaced before the first step
    allowed: set[Place] = set()  # noqa: RUF012 - replaced, never changed in place

    def _chosen(self, choice: int) -> ObjectRef:
        return sorted(self.model)[choice % len(self.model)]

    def _brew(self, trouble: list[Trouble]) -> None:
        """Faults for the calls to come; those that do not fire now may fire later."""
        for name, (operation, fault), nth in trouble:
            self.archive.chaos[name].inject(operation, fault, nth=nth)

    def _may_vanish(self, places: set[Place]) -> None:
        self.allowed = self.allowed | places

    def _hurt(self, name: str, one: ObjectRef) -> None:
        self.hurt.add((name, one))
        self._may_vanish({(name, one)})

    def _fired(self) -> dict[str, int]:
        return {name: len(self.archive.chaos[name].fired) for name in NAMES}

    def _note_lies(self, one: ObjectRef, before: dict[str, int]) -> None:
        """Writes that an offer acknowledged and spoilt hurt the object they were about."""
        for name in NAMES:
            for fired in self.archive.chaos[name].fired[before[name] :]:
                if isinstance(fired.fault, WRITES_KINDS) and fired.ref in (None, one):
                    self.hurt.add((name, one))

    def _put_succeeded(
        self, one: ObjectRef, data: bytes, receipt: Receipt, strategy: str, fired: dict[str, int]
    ) -> None:
        self.archive.hear(receipt)
        self.given.add(data)
        self._note_lies(one, fired)
        if one in self.model and self.model[one] != data:
            assert one.container in FREE
            self._may_vanish({(name, one) for name in NAMES})
        wanted = STRATEGIES[strategy]
        assert receipt.verified >= wanted.required
        assert receipt.digest == sha512(data)
        record = self.archive.ledger.find(one)
        assert record is not None
        assert record.digest == receipt.digest
        self.model[one] = data
        self.numbers[one] = record.id

    def _put_failed(
        self, one: ObjectRef, data: bytes, error: CoffreError, fired: dict[str, int]
    ) -> None:
        self.archive.hear(error)
        self.given.add(data)
        self._note_lies(one, fired)
        if isinstance(error, NotEnoughCopiesError) and not all(c.verified for c in error.copies):
            assert {copy.code for copy in error.copies if not copy.verified} != {""}
        if one in self.model and self.model[one] != data:
            if one.container in FREE:
                # An overwrite that stopped half-way: some offers hold the new bytes.
                self.hurt |= {(name, one) for name in NAMES}
                self._may_vanish({(name, one) for name in NAMES})
            else:
                assert isinstance(error, ObjectConflictError)

    def _strict_places_only(self, one: ObjectRef) -> None:
        if one.container in FREE and one in self.model:
            self.hurt |= {(name, one) for name in NAMES}
            self._may_vanish({(name, one) for name in NAMES})

    def _must_succeed(self, one: ObjectRef, data: bytes, strategy: str) -> bool:
        """Whether nothing stands in the way of a put."""
        if any(self.archive.chaos[name]._script for name in NAMES):
            return False
        at_rest = self.archive.at_rest()
        free = [name for name in self.archive.online() if at_rest.get((name, one), data) == data]
        known = self.model.get(one)
        if known is not None and known != data:
            return one.container in FREE and len(self.archive.online()) >= 2
        return len(free) >= STRATEGIES[strategy].required

    def _audit(self, *, calm: bool) -> None:
        at_rest = self.archive.at_rest()
        records = self.archive.records()
        copies = {(copy.offer, record.ref) for record in records.values() for copy in record.copies}
        good = {place for place in copies if at_rest.get(place) == self.model[place[1]]}
        fired = self._fired()
        audit = self.archive.engine.audit(resume=False, threads=2)
        findings = list(audit)
        self.archive.hear(audit.summary)
        for finding in findings:
            self.archive.hear(finding)
        told = _by_code(findings)
        # Law 12: the summary is the sum of its lines.
        summary = audit.summary
        assert summary.complete
        assert summary.findings == len(findings)
        assert summary.copies == len(copies)
        looked_at = summary.verified + summary.corrupt + summary.missing + summary.unknown
        assert looked_at == summary.copies
        assert summary.corrupt == len(told[FindingCode.CORRUPT])
        assert summary.missing == len(told[FindingCode.MISSING])
        assert summary.unknown == len(told[FindingCode.UNKNOWN])
        # Laws 2 and 8: nothing good is called bad, and nothing bad is called good.
        called_bad = told[FindingCode.CORRUPT] | told[FindingCode.MISSING]
        steady = {place for place in good if self._lies_read(place[0], fired) < 2}
        assert not called_bad & steady
        called_good = copies - called_bad - told[FindingCode.UNKNOWN]
        assert called_good <= good
        if calm:
            assert called_bad == copies - good
            assert not told[FindingCode.UNKNOWN]
            expected = {
                place
                for place in at_rest
                if place not in copies
                and place not in self.archive.deletions_owed()
                and not self._owes(place)
            }
            assert told[FindingCode.UNRECORDED] == expected

    def _owes(self, place: Place) -> bool:
        record = self.archive.records().get(place[1])
        return record is not None and any(debt.offer == place[0] for debt in record.debts)

    def _repair(self) -> None:
        fired = self._fired()
        before = self.archive.at_rest()
        ordered = self.archive.deletions_owed()
        aside = self.archive.set_aside()
        for outcome in self.archive.engine.repair(release_brake=True):
            self.archive.hear(outcome)
            if outcome.action in (RepairAction.MADE, RepairAction.REWRITTEN):
                assert outcome.source != outcome.offer
        after = self.archive.at_rest()
        newly = self.archive.set_aside() - aside
        for (name, one), data in before.items():
            if after.get((name, one)) == data:
                continue
            # Law 4: never a good copy, unless it was read wrong twice in a row. Laws 3 and 5:
            # by order, or kept in quarantine.
            if self.model.get(one) == data:
                assert self._lies_read(name, fired) >= 2
                self.hurt.add((name, one))
            assert (name, one) in ordered or (name, one, data) in newly
            # Law 6: and only where another copy was good.
            good = [other for other in NAMES if before.get((other, one)) == self.model.get(one)]
            assert (name, one) in ordered or set(good) - {name}
            self._may_vanish({(name, one)})
        for (name, one), data in after.items():
            # Law 6: what a repair writes comes from a verified source.
            if before.get((name, one)) != data and not self._spoilt_on_its_way(name):
                assert data == self.model[one]
            elif before.get((name, one)) != data:
                self.hurt.add((name, one))

    def _lies_read(self, name: str, before: dict[str, int]) -> int:
        """Times that an offer gave wrong bytes, or denied what it holds, without an error."""
        fired = self.archive.chaos[name].fired[before[name] :]
        return sum(isinstance(one.fault, FlipOnRead | FalselyAbsent) for one in fired)

    def _spoilt_on_its_way(self, name: str) -> bool:
        return any(isinstance(one.fault, WRITES_KINDS) for one in self.archive.chaos[name].fired)

    def _the_ledger_is_whole(self) -> None:
        assert list(self.archive.engine.audit_ledger()) == []
        numbers = [event.seq for event in self.archive.ledger.events()]
        assert numbers == list(range(1, len(numbers) + 1))
        orders = [e for e in self.archive.ledger.events() if e.kind == "deletion-ordered"]
        assert all('"author":"archivist"' in event.body for event in orders)

    def _each_offer_alone_gives_the_ledger_back(self) -> None:
        """Law 10: the expected digest of whatever an offer holds, unless the offer lies itself."""
        for name in NAMES:
            path = self.archive.path.with_name(f"from-{name}.db")
            with self.archive.open_ledger(Path(path)) as ledger:
                engine = self.archive.engine_over(ledger)
                summary = engine.rebuild(name)
                held = set(self.archive.memory[name].refs())
                assert summary.complete
                assert {record.ref for record in ledger.objects()} == held
                for record in ledger.objects():
                    data = self.archive.memory[name].bytes_of(record.ref)
                    if (name, record.ref) not in self.hurt and data == self.model.get(record.ref):
                        assert record.digest == sha512(self.model[record.ref])
                assert engine.rebuild(name).recovered == 0


WRITES_KINDS = (FlipOnWrite, LostWrite, TornWrite)


def _by_code(findings: list[Finding]) -> dict[FindingCode, set[Place]]:
    told: dict[FindingCode, set[Place]] = {code: set() for code in FindingCode}
    for finding in findings:
        if finding.ref is not None and finding.offer is not None:
            told[finding.code].add((finding.offer, finding.ref))
    return told


TestLaws = Laws.TestCase
TestLaws.settings = settings(max_examples=60, stateful_step_count=40)
