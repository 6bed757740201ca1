"""Lies of stat: sizes, times and digests that nobody has looked at."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

from coffre.contract import DigestAlgorithm, Evidence, StatRequest, StatResult
from coffre.testing import Held
from tests.liars.honest import HonestConnection
from tests.liars.liar import liar


class Tells(HonestConnection):
    """A session that tells something else of an object."""

    def told(self, result: StatResult, request: StatRequest, held: Held) -> StatResult:
        raise NotImplementedError

    def stat(self, request: StatRequest) -> StatResult:
        return self.told(super().stat(request), request, self._offer.held(request.ref))


@liar("stat.told")
class RoundsSizes(Tells):
    """The size by stat is that of the blocks on the disk."""

    def told(self, result: StatResult, request: StatRequest, held: Held) -> StatResult:
        return replace(result, size=-(-result.size // 512) * 512)


@liar("stat.told")
class ClaimsToHaveDigested(Tells):
    """A stat that looked at no byte claims that the offer digested the object."""

    def told(self, result: StatResult, request: StatRequest, held: Held) -> StatResult:
        return replace(result, evidence=Evidence.REPORTED)


@liar("stat.told")
class TellsARecordedDigestForComputed(Tells):
    """The recorded digest is told as the one that the object has now, unasked."""

    def told(self, result: StatResult, request: StatRequest, held: Held) -> StatResult:
        return replace(result, digest=held.recorded)


@liar("stat.time")
class TellsNoZone(Tells):
    """The time of the deposit has no time zone."""

    def told(self, result: StatResult, request: StatRequest, held: Held) -> StatResult:
        return replace(result, stored_at=held.stored_at.replace(tzinfo=None))


@liar("stat.time")
class TakesLocalTimeForUtc(Tells):
    """The time of the deposit is that of a clock on the wall in Tokyo, told as UTC."""

    def told(self, result: StatResult, request: StatRequest, held: Held) -> StatResult:
        return replace(result, stored_at=held.stored_at + timedelta(hours=9))


@liar("stat.time")
class TellsItInItsOwnZone(Tells):
    """The time of the deposit is right, and not in UTC."""

    def told(self, result: StatResult, request: StatRequest, held: Held) -> StatResult:
        tokyo = timezone(timedelta(hours=9))
        return replace(result, stored_at=held.stored_at.astimezone(tokyo))


@liar("stat.time")
class TellsTheTimeOfTheQuestion(Tells):
    """The time of the deposit is that of the question."""

    def told(self, result: StatResult, request: StatRequest, held: Held) -> StatResult:
        return replace(result, stored_at=datetime.now(held.stored_at.tzinfo))


# --- digests, asked for and recorded -------------------------------------------------------------


@liar("offer-digest.computed")
class RepeatsTheRecordedDigest(Tells):
    """Asked to digest what it holds, it repeats what was recorded at the put."""

    def told(self, result: StatResult, request: StatRequest, held: Held) -> StatResult:
        asked = request.digest is held.recorded.algorithm
        return replace(result, digest=held.recorded) if asked else result


@liar("offer-digest.computed")
class DigestsPartsApart(Tells):
    """The digest of an object of several parts is that of their digests."""

    def told(self, result: StatResult, request: StatRequest, held: Held) -> StatResult:
        if request.digest is None or len(held.data) <= 1 << 23:
            return result
        parts = [held.data[at : at + (1 << 23)] for at in range(0, len(held.data), 1 << 23)]
        digests = b"".join(request.digest.of(part).value for part in parts)
        return replace(result, digest=request.digest.of(digests))


@liar("offer-digest.computed")
class DigestsUnderItsOwnAlgorithm(Tells):
    """Whatever algorithm is asked for, the digest is SHA-256."""

    def told(self, result: StatResult, request: StatRequest, held: Held) -> StatResult:
        digest = DigestAlgorithm.SHA256.of(held.data) if request.digest else None
        return replace(result, digest=digest)


@liar("offer-digest.computed")
class ClaimsThatWeReadIt(Tells):
    """A digest by the offer is told as one that was read back by us."""

    def told(self, result: StatResult, request: StatRequest, held: Held) -> StatResult:
        return replace(result, evidence=Evidence.READ) if request.digest else result


@liar("recorded-digest.kept")
class RecordsNothing(Tells):
    """No digest is recorded, and that it is recorded was declared."""

    def told(self, result: StatResult, request: StatRequest, held: Held) -> StatResult:
        return replace(result, recorded=None)


@liar("recorded-digest.kept")
class RecordsWhatIsThereNow(Tells):
    """The recorded digest is computed when it is asked for."""

    def told(self, result: StatResult, request: StatRequest, held: Held) -> StatResult:
        return replace(result, recorded=held.recorded.algorithm.of(held.data))
