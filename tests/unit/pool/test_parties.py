"""A thread may be inside for itself and for a party at the same time."""

from __future__ import annotations

import contextvars
import threading

from coffre.pool import ThreadLimiter, together


def test_who_is_inside_and_joins_a_party_leaves_each_once() -> None:
    limit = ThreadLimiter(2)
    entered = threading.Event()
    leave = threading.Event()

    def begin(contexts: list[contextvars.Context]) -> None:
        with together():
            contexts.append(contextvars.copy_context())
            entered.set()
            leave.wait()

    contexts: list[contextvars.Context] = []
    beginner = threading.Thread(target=begin, args=(contexts,))
    beginner.start()
    entered.wait()

    def inside() -> int:
        return limit.statistics().inside

    def join_the_party() -> list[int]:
        with limit:
            seen = [inside()]
        return [*seen, inside()]

    with limit:  # for itself, then in the name of the party
        assert contexts[0].run(join_the_party) == [2, 1]
    assert inside() == 0
    leave.set()
    beginner.join()
