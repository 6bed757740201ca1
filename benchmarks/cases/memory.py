"""Memory: what a process needs over what it needs idle, however large the object or listing."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

from benchmarks import children
from benchmarks.archives import size_text
from benchmarks.claims import claim
from benchmarks.measuring import Figure, NotMeasuredError
from benchmarks.options import Case, Options


def _put(options: Options) -> Figure:
    with options.on_disk_for_now() as place:
        _sparse(place, options.huge, copies=2)
        found = []
        for _ in range(options.runs):
            found.append(children.run("memory-put", place, options.huge))
            _forget(place)
    return _over_idle("memory-put", found, size_text(options.huge))


def _get(options: Options) -> Figure:
    with options.on_disk_for_now() as place:
        _sparse(place, options.huge, copies=3)
        children.run("memory-put", place, options.huge)
        found = [children.run("memory-get", place, options.huge) for _ in range(options.runs)]
    return _over_idle("memory-get", found, size_text(options.huge))


def _list(options: Options, name: str) -> Figure:
    with options.in_memory() as place:
        children.run("fill", place, options.listed)
        found = [children.run(name, place, options.listed) for _ in range(options.runs)]
    peak = max(each["peak"] - each["idle"] for each in found)
    return Figure(
        claim=claim(name),
        values=tuple(each["peak"] - each["half"] for each in found),
        setting=f"{options.listed} empty objects",
        notes={"peak over idle, MiB": peak},
    )


def _over_idle(name: str, found: list[dict[str, float]], amount: str) -> Figure:
    return Figure(
        claim=claim(name),
        values=tuple(each["peak"] - each["idle"] for each in found),
        setting=amount,
        notes={"idle, MiB": max(each["idle"] for each in found)},
    )


def _sparse(place: Path, size: int, *, copies: int) -> None:
    """A source of zeros that takes no room: memory is measured here, not time."""
    if shutil.disk_usage(place).free < (copies + 1) * size:
        raise NotMeasuredError(f"no room for {copies} copies of {size_text(size)}")
    with (place / children.SOURCE).open("wb") as file:
        file.truncate(size)


def _forget(place: Path) -> None:
    """Make the place fresh again, but for the source."""
    for path in place.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != children.SOURCE:
            path.unlink()


CASES: dict[str, Case] = {
    "memory-put": _put,
    "memory-get": _get,
    "memory-list-offer": partial(_list, name="memory-list-offer"),
    "memory-list-engine": partial(_list, name="memory-list-engine"),
}
