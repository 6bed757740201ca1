"""Lies of the offer log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from coffre.contract import (
    LogEntry,
    LogRequest,
)
from tests.liars.honest import HonestConnection
from tests.liars.liar import liar


@liar("offer-log.entries")
class LogsNoDeletion(HonestConnection):
    """Deletions are not in the log."""

    def log(self, request: LogRequest) -> Sequence[LogEntry]:
        return [one for one in super().log(request) if one.action == "write"]


@liar("offer-log.entries")
class LogsLate(HonestConnection):
    """What was done last is not in the log yet."""

    def log(self, request: LogRequest) -> Sequence[LogEntry]:
        return super().log(request)[:-1]


@liar("offer-log.entries")
class NumbersThemAlike(HonestConnection):
    """All entries have one number."""

    def log(self, request: LogRequest) -> Sequence[LogEntry]:
        return [replace(one, number=1) for one in super().log(request)]


@liar("offer-log.entries")
class MixesContainers(HonestConnection):
    """The log of a container tells of the others as well."""

    def log(self, request: LogRequest) -> Sequence[LogEntry]:
        entries = self._offer._log._entries
        return [one for one in entries if one.ref.tenant == request.tenant]


@liar("offer-log.pages")
class SkipsTheFirstOfAPage(HonestConnection):
    """A page begins after its number."""

    def log(self, request: LogRequest) -> Sequence[LogEntry]:
        return [one for one in super().log(request) if one.number != request.start]


@liar("offer-log.pages")
class ReadsOnlyForwards(HonestConnection):
    """A page that is to be read backwards is read on."""

    def log(self, request: LogRequest) -> Sequence[LogEntry]:
        return super().log(replace(request, newest_first=False))


@liar("offer-log.pages")
class GivesMoreThanAPage(HonestConnection):
    """A page has all entries, however few were asked for."""

    def log(self, request: LogRequest) -> Sequence[LogEntry]:
        return super().log(replace(request, limit=10_000))
