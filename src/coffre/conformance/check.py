"""Checks: plain functions that name the duty they try; each can be run alone by its name.

A check takes a :class:`~coffre.conformance.bench.Bench`, does something to the offer and
looks at what came of it. It raises ``Broken`` when the duty was not kept, and ``NotTried`` when
this offer gives it nothing to try. It uses nothing of pytest, so that the command runs it too::

    @check("put.conflict")
    def other_bytes_are_refused(bench: Bench) -> None: ...

    @check_each("get.whole", [0, 1, 4096])
    def what_was_put_comes_back(bench: Bench, size: int) -> None: ...
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from coffre.conformance.duties import duty_of
from coffre.conformance.duty import Duty
from coffre.contract import Capability

if TYPE_CHECKING:
    from coffre.conformance.bench import Bench

Case = TypeVar("Case")
Body = Callable[["Bench"], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One way in which a duty is tried, in one case or several."""

    duty: Duty
    name: str
    """Name of the function, with hyphens: ``other-bytes-are-refused``."""
    sentence: str
    """The first paragraph of its docstring, or its name as a sentence."""
    profile: str
    """Profile it belongs to: that of its duty, unless it says otherwise."""
    needs: frozenset[Capability]
    """What the session must declare; the check is not tried otherwise."""
    cases: Mapping[str, Body]
    """What is run, by the label of each case; the label of a single case is empty."""

    def trials(self) -> Iterable[Trial]:
        """Its cases, each to be run on a bench of its own."""
        return (Trial(self, label) for label in self.cases)


@dataclass(frozen=True, slots=True)
class Trial:
    """One case of one check: what has an outcome."""

    check: Check
    case: str

    @property
    def id(self) -> str:
        """``put.conflict/other-bytes-are-refused:longer``: no character needs quoting."""
        name = f"{self.check.duty.id}/{self.check.name}"
        return f"{name}:{self.case}" if self.case else name

    def run(self, bench: Bench) -> None:
        """Try it.

        Raises:
            Broken: the duty was not kept.
            NotTried: this offer gives it nothing to try.
        """
        self.check.cases[self.case](bench)


def check(
    duty: str, *, profile: str | None = None, needs: Iterable[Capability] = ()
) -> Callable[[Body], Check]:
    """Make a function a check of one duty.

    Args:
        duty: id of the duty.
        profile: when it is not that of the duty.
        needs: capabilities without which there is nothing to try; that of a capability's
            profile need not be named.
    """

    def made(function: Body) -> Check:
        return _made(function, duty, profile, needs, {"": function})

    return made


def check_each(
    duty: str,
    cases: Iterable[Case],
    *,
    profile: str | None = None,
    needs: Iterable[Capability] = (),
) -> Callable[[Callable[[Bench, Case], None]], Check]:
    """Make a function a check of one duty, in several cases, whose text is their label.

    Args:
        duty: id of the duty.
        cases: what the function is given beside the bench.
        profile: when it is not that of the duty.
        needs: capabilities without which there is nothing to try.
    """
    labelled = {_label(case): case for case in cases}
    return check_named(duty, labelled, profile=profile, needs=needs)


def check_named(
    duty: str,
    cases: Mapping[str, Case],
    *,
    profile: str | None = None,
    needs: Iterable[Capability] = (),
) -> Callable[[Callable[[Bench, Case], None]], Check]:
    """Make a function a check of one duty, in several cases, each with a label.

    Args:
        duty: id of the duty.
        cases: what the function is given beside the bench, by label.
        profile: when it is not that of the duty.
        needs: capabilities without which there is nothing to try.
    """

    def made(function: Callable[[Bench, Case], None]) -> Check:
        bodies = {label: _given(function, case) for label, case in cases.items()}
        return _made(function, duty, profile, needs, bodies)

    return made


def _made(
    function: Callable[..., None],
    duty_id: str,
    profile: str | None,
    needs: Iterable[Capability],
    cases: Mapping[str, Body],
) -> Check:
    duty = duty_of(duty_id)
    name = function.__name__.strip("_").replace("_", "-")
    paragraph = (function.__doc__ or "").strip().partition("\n\n")[0]
    chosen = profile or duty.profile
    own = {Capability(duty.profile)} if duty.profile in set(Capability) else set()
    return Check(
        duty=duty,
        name=name,
        sentence=" ".join(paragraph.split()) or name.replace("-", " ").capitalize() + ".",
        profile=chosen,
        needs=frozenset(needs) | own,
        cases=cases,
    )


def _given(function: Callable[[Bench, Case], None], case: Case) -> Body:
    return lambda bench: function(bench, case)


def _label(case: object) -> str:
    text = "-".join(map(str, case)) if isinstance(case, tuple) else str(case)
    return re.sub(r"[^A-Za-z0-9_.,@-]+", "_", text) or "empty"
