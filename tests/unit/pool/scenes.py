"""Situations small enough for every interleaving to be tried."""

from __future__ import annotations

from tests.unit.pool.explorer import Making, borrow, govern, scene

SCENES: dict[str, Making] = {
    "two threads, one connection": scene(1, borrow(rounds=2), borrow(rounds=2), warm=1),
    "three threads, one connection": scene(1, borrow(), borrow(), borrow(), warm=1),
    "three threads, an empty pool of two": scene(2, borrow(), borrow(), borrow()),
    "one of three gives up": scene(1, borrow(), borrow(moods="t"), borrow(moods="c"), warm=1),
    "an opening fails": scene(1, borrow(moods="f"), borrow(moods="f"), borrow()),
    "a connection breaks": scene(1, borrow(bad=True), borrow(), borrow()),
    "closed in use": scene(1, borrow(), borrow(moods="t"), govern("close"), warm=1),
    "closed while opening": scene(2, borrow(), borrow(moods="c"), govern("close")),
    "drained in use": scene(1, borrow(rounds=2), borrow(), govern("drain"), warm=1),
    "drained while opening": scene(2, borrow(), borrow(), govern("drain")),
    "made smaller": scene(2, borrow(), borrow(), govern("resize 1"), warm=2),
    "made larger": scene(1, borrow(), borrow(), govern("resize 2"), warm=1),
    "paused and resumed": scene(1, borrow(), borrow(moods="c"), govern("pause", "resume"), warm=1),
    "one opening at a time": scene(2, borrow(), borrow(), borrow(), max_opening=1),
}

LARGE: dict[str, Making] = {
    "four threads, one connection": scene(1, borrow(), borrow(), borrow(), borrow(), warm=1),
    "four threads, two connections": scene(2, borrow(), borrow(), borrow(), borrow(), warm=2),
    "four threads, an empty pool, and moods": scene(
        1, borrow(moods="c"), borrow(moods="t"), borrow(moods="f"), borrow()
    ),
    "three threads coming back, one connection": scene(
        1, borrow(rounds=2), borrow(rounds=2), borrow(moods="tc"), warm=1
    ),
}
