"""What the services of contract 1.1 owe, by capability."""

from coffre.conformance.duty import Duty
from coffre.contract import Capability

DUTIES = (
    Duty(
        id="bulk-stat.each",
        text="A bulk stat answers for each object, in order, as stat would: absent is absent, and "
        "whatever else keeps one from being told is another error.",
        source="SupportsBulkStat.bulk_stat",
        profile=Capability.BULK_STAT,
    ),
    Duty(
        id="bulk-delete.each",
        text="A bulk delete answers for each object, in order; what has a result is absent then, "
        "what is refused is refused alone, and nothing else is touched.",
        source="SupportsBulkDelete.bulk_delete",
        profile=Capability.BULK_DELETE,
    ),
    Duty(
        id="legal-hold.held",
        text="An object under a hold is neither deleted nor replaced, whatever its date says, and "
        "stat names the hold; once it is lifted the object is free.",
        source="SupportsLegalHold.place_hold, StatResult.holds, RetainedError",
        profile=Capability.LEGAL_HOLD,
    ),
    Duty(
        id="legal-hold.each",
        text="Each hold is placed and lifted by its own id, on its own object, and doing it again "
        "changes nothing.",
        source="SupportsLegalHold.lift_hold",
        profile=Capability.LEGAL_HOLD,
    ),
    Duty(
        id="legal-hold.absent",
        text="A hold on what is not there is refused.",
        source="SupportsLegalHold.place_hold, ObjectNotFoundError",
        profile=Capability.LEGAL_HOLD,
    ),
    Duty(
        id="access-requests.cold",
        text="What is on a slow medium is refused as not ready, and told by stat; once an access "
        "request for it is ready it can be read.",
        source="SupportsAccessRequests.request_access, NotReadyError, StatResult.ready",
        profile=Capability.ACCESS_REQUESTS,
    ),
    Duty(
        id="access-requests.expiry",
        text="What was asked for can be read for the time that was asked, and a request whose "
        "objects cannot be read is not called ready.",
        source="AccessRequest.available_for, AccessState",
        profile=Capability.ACCESS_REQUESTS,
    ),
    Duty(
        id="access-requests.kept",
        text="Each access request has its own id and status, seen by every session; what can be "
        "read is ready, and cancelling harms no object and no other request.",
        source="SupportsAccessRequests.access_status, SupportsAccessRequests.cancel_access",
        profile=Capability.ACCESS_REQUESTS,
    ),
    Duty(
        id="server-copy.whole",
        text="A copy inside the offer has the bytes of its source, and what is kept beside them; "
        "the source stays as it is.",
        source="SupportsServerCopy.server_copy",
        profile=Capability.SERVER_COPY,
    ),
    Duty(
        id="server-copy.conflict",
        text="A copy onto other bytes is a conflict unless it says that it replaces; onto the same "
        "bytes it succeeds, and says so.",
        source="SupportsServerCopy.server_copy, ObjectConflictError",
        profile=Capability.SERVER_COPY,
    ),
    Duty(
        id="server-copy.absent",
        text="A copy of what is not there is refused, and changes nothing.",
        source="SupportsServerCopy.server_copy, ObjectNotFoundError",
        profile=Capability.SERVER_COPY,
    ),
    Duty(
        id="server-copy.evidence",
        text="The digest of a copy was computed over its own bytes, or none is given.",
        source="ServerCopyResult.digest, ServerCopyResult.evidence",
        profile=Capability.SERVER_COPY,
    ),
    Duty(
        id="offer-log.entries",
        text="Every put and deletion that was acknowledged has an entry in the log of its "
        "container, in order, under a number that grows.",
        source="SupportsOfferLog.log",
        profile=Capability.OFFER_LOG,
    ),
    Duty(
        id="offer-log.pages",
        text="The log is read from any number, both ways, page by page, without a gap or an entry "
        "twice.",
        source="LogRequest.start, LogRequest.newest_first, LogRequest.limit",
        profile=Capability.OFFER_LOG,
    ),
)
