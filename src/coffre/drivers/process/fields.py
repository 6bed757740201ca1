"""JSON of the other side, read with a type in mind: whatever it sends, only that comes out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import NoReturn

from coffre.contract import Digest, InvalidDigestError, Version
from coffre.drivers.process.protocol import WireError


class Fields:
    """One JSON object that the program sent. Members that nobody asks for are ignored."""

    def __init__(self, values: Mapping[str, object]) -> None:
        """Hold the members."""
        self._values = values

    @classmethod
    def parse(cls, payload: bytes | bytearray) -> Fields:
        """Read a payload.

        Raises:
            WireError: not a JSON object in UTF-8.
        """
        try:
            values = json.loads(payload or b"{}")
        except (ValueError, RecursionError) as error:
            raise WireError("the program sent what is no JSON") from error
        if not isinstance(values, dict):
            raise WireError("the program sent JSON that is no object")
        return cls(values)

    def text(self, name: str, default: str | None = None) -> str:
        """Text; ``default`` when it is not there."""
        value = self._values.get(name, default)
        return value if isinstance(value, str) else _refuse(name, "text")

    def flag(self, name: str, default: bool = False) -> bool:
        """True or false."""
        value = self._values.get(name, default)
        return value if isinstance(value, bool) else _refuse(name, "true or false")

    def flag_given(self, name: str) -> bool:
        """True or false, which must be there."""
        value = self._values.get(name)
        return value if isinstance(value, bool) else _refuse(name, "true or false")

    def whole(self, name: str, default: int | None = None) -> int:
        """A whole number, not negative."""
        value = self._values.get(name, default)
        return value if type(value) is int and value >= 0 else _refuse(name, "a whole number")

    def whole_or_none(self, name: str) -> int | None:
        """A whole number, not negative, if there is one."""
        return None if self._values.get(name) is None else self.whole(name)

    def seconds_or_none(self, name: str) -> float | None:
        """A number of seconds, if there is one."""
        value = self._values.get(name)
        if value is None:
            return None
        # bool is an int in Python; and a number may be as large as it likes in JSON.
        if type(value) not in (int, float) or not 0 <= float(str(value)) < 1e9:
            _refuse(name, "a number of seconds")
        return float(str(value))

    def digest_or_none(self, name: str) -> Digest | None:
        """A digest, if there is one."""
        if self._values.get(name) is None:
            return None
        try:
            return Digest.parse(self.text(name))
        except InvalidDigestError as error:
            raise WireError(f"{name!r}, sent by the program, is no digest") from error

    def moment_or_none(self, name: str) -> datetime | None:
        """A point in time with its zone, if there is one."""
        if self._values.get(name) is None:
            return None
        try:
            moment = datetime.fromisoformat(self.text(name))
        except ValueError:
            moment = None
        return moment if moment is not None and moment.tzinfo else _refuse(name, "a time and zone")

    def version(self, name: str) -> Version:
        """A version, such as ``1.0``."""
        major, dot, minor = self.text(name).partition(".")
        numbers = major + minor
        if not dot or not numbers.isascii() or not numbers.isdigit() or not 2 <= len(numbers) <= 12:
            _refuse(name, "a version")
        return Version(int(major or 0), int(minor or 0))

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts; empty when it is not there."""
        values = self._values.get(name, [])
        if not isinstance(values, list) or not all(isinstance(one, str) for one in values):
            _refuse(name, "a list of texts")
        return tuple(str(one) for one in values)

    def objects(self, name: str) -> tuple[Fields, ...]:
        """A list of objects; empty when it is not there."""
        values = self._values.get(name, [])
        if not isinstance(values, list) or not all(isinstance(one, dict) for one in values):
            _refuse(name, "a list of objects")
        return tuple(Fields(one) for one in values)

    def pairs(self, name: str) -> list[tuple[object, object]]:
        """A list of pairs, whose members are still to be looked at."""
        values = self._values.get(name)
        if not isinstance(values, list):
            _refuse(name, "a list")
        if not all(isinstance(one, list) and len(one) == 2 for one in values):
            _refuse(name, "a list of pairs")
        return [(one[0], one[1]) for one in values]

    def metadata(self, name: str) -> Mapping[str, str]:
        """Names and values; none when it is not there."""
        values = self._values.get(name, {})
        if not isinstance(values, dict):
            _refuse(name, "an object")
        if not all(isinstance(value, str) for value in values.values()):
            _refuse(name, "an object of texts")
        return values

    def get(self, name: str) -> object:
        """Whatever it is; ``None`` when it is not there."""
        return self._values.get(name)


def _refuse(name: str, wanted: str) -> NoReturn:
    # Without the value, which may be anything.
    raise WireError(f"{name!r}, sent by the program, is not {wanted}")
