"""Situations of a limit small enough for every interleaving to be tried."""

from __future__ import annotations

from tests.unit.pool.permit_explorer import Governor, Scene, Visitor, scene

ONCE, TWICE = Visitor(), Visitor(rounds=2)
LATE = Visitor(late=True)
BOTH = Visitor(order=(0, 1))

SCENES: dict[str, Scene] = {
    "two threads, one permit": scene(TWICE, TWICE),
    "three threads, one permit": scene(ONCE, ONCE, ONCE),
    "one of three gives up": scene(ONCE, Visitor(moods="t"), Visitor(moods="c")),
    "a thread enters again": scene(Visitor(twice=True), Visitor(twice=True)),
    "stays that end elsewhere": scene(Visitor(form="stay"), Visitor(form="stay"), ONCE),
    "a stay that is dropped": scene(Visitor(form="stay", dropped=True), Visitor(form="stay"), ONCE),
    "two of a party": scene(Visitor(party=0), Visitor(party=0), ONCE),
    "paused and resumed": scene(TWICE, Visitor(moods="t"), Governor(("pause", "resume"))),
    "made smaller": scene(TWICE, ONCE, Governor(("resize 1",)), sizes=(2,)),
    "made larger": scene(ONCE, ONCE, Governor(("resize 2",))),
    "made smaller with a bound of nothing": scene(
        ONCE, Visitor(moods="t"), Governor(("resize 0", "resize 1"))
    ),
    "no global lock": scene(TWICE, Visitor(twice=True), Visitor(moods="c"), locked=True),
    "two limits in one order": scene(BOTH, BOTH, sizes=(1, 1)),
}

LARGE: dict[str, Scene] = {
    "three threads, two permits": scene(ONCE, ONCE, ONCE, sizes=(2,)),
    "three threads, two permits, one comes back": scene(TWICE, ONCE, ONCE, sizes=(2,)),
    "four threads, one permit": scene(ONCE, LATE, Visitor(late=True, moods="c"), LATE),
    "four threads, two permits": scene(LATE, LATE, LATE, LATE, sizes=(2,)),
    "stays that are dropped, and come again": scene(
        Visitor(form="stay", dropped=True, rounds=2), ONCE, ONCE
    ),
    "three threads, two limits of one": scene(
        BOTH, Visitor(order=(0, 1), late=True), Visitor(order=(1,), late=True), sizes=(1, 1)
    ),
    "three limits": scene(Visitor(order=(0, 1, 2)), Visitor(order=(0, 2)), sizes=(1, 1, 1)),
}

STUCK = scene(BOTH, Visitor(order=(1, 0)), sizes=(1, 1))
"""Two limits in opposite orders: there is a schedule that has no end."""
