"""Together: what one piece of work needs of several offers, set aside before it begins.

A fan-out holds a connection with each of its offers until the last byte, and so does a copy
from one offer to another. Where connections and threads are limited, two of them that took what
they need one by one could each hold what the other waits for. Drivers that limit know in which
order to take it; this asks them, and knows nothing of how.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from coffre.contract import ConnectionParameters, Driver

if TYPE_CHECKING:
    from coffre.offer.offer import Offer

Need = tuple[Driver, ConnectionParameters]
"""One connection, to be had from that driver under these parameters."""
Reserve = Callable[[Iterable[Need]], AbstractContextManager[object]]


@runtime_checkable
class Reserving(Protocol):
    """A driver that limits, and can set aside what a piece of work needs of several."""

    @property
    def reserve_together(self) -> Reserve:
        """Take what is needed, in one order, for the length of a block.

        Used by ``connect`` in that block, and in threads started in a copy of its context. What
        cannot be had fails at its own ``connect``, and stops nothing else.
        """
        ...


@contextmanager
def reserved(offers: Iterable[Offer]) -> Iterator[None]:
    """Set one connection with each of these offers aside, as far as their drivers limit anything.

    Inside the block an offer works over the connection set aside for it; threads take part that
    are started with ``contextvars.copy_context().run``. Close every stream before it ends.

    Raises:
        Nothing of its own: an offer that cannot be had says so when it is used.
    """
    needs: dict[Reserve, list[Need]] = {}
    for offer in offers:
        driver = offer.driver
        if not offer.closed and isinstance(driver, Reserving):
            needs.setdefault(driver.reserve_together, []).append((driver, offer.parameters))
    if not needs:
        yield
        return
    with ExitStack() as stack:
        for reserve, wanted in needs.items():
            stack.enter_context(reserve(wanted))
        yield
