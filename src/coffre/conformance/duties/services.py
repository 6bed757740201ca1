"""What each declared capability owes: a declaration without the behaviour fails."""

from coffre.conformance.duty import Duty
from coffre.contract import Capability

DUTIES = (
    Duty(
        id="metadata.kept",
        text="Names and values given at the put come back from get and stat as they were given.",
        source="Capability.METADATA, PutRequest.metadata",
        profile=Capability.METADATA,
    ),
    Duty(
        id="recorded-digest.kept",
        text="The digest at the put is recorded beside the object, and outlives damage to it.",
        source="Capability.RECORDED_DIGEST, StatResult.recorded",
        profile=Capability.RECORDED_DIGEST,
    ),
    Duty(
        id="replace.done",
        text="A put that says so takes the place of other bytes, and of all that is kept beside "
        "them.",
        source="Capability.REPLACE, PutRequest.replace",
        profile=Capability.REPLACE,
    ),
    Duty(
        id="replace.atomic",
        text="A replacement is done in one step: readers see the old object or the new one, and a "
        "replacement that fails leaves the old one.",
        source="Capability.REPLACE; DESIGN, law 5",
        profile=Capability.REPLACE,
    ),
    Duty(
        id="create-only.one-wins",
        text="Of several writers of one reference exactly one wins, at any size.",
        source="Capability.CREATE_ONLY",
        profile=Capability.CREATE_ONLY,
    ),
    Duty(
        id="range-read.exact",
        text="A range is exactly the bytes asked for, and the size is that of the whole object.",
        source="Capability.RANGE_READ, GetRequest.offset, GetRequest.length",
        profile=Capability.RANGE_READ,
    ),
    Duty(
        id="range-read.outside",
        text="A range that lies outside the object, in part or whole, is refused.",
        source="InvalidRangeError",
        profile=Capability.RANGE_READ,
    ),
    Duty(
        id="offer-digest.computed",
        text="A digest that the offer is asked for is computed now, over the whole of what it "
        "holds now, under the algorithm asked for.",
        source="Capability.OFFER_DIGEST, StatRequest.digest",
        profile=Capability.OFFER_DIGEST,
    ),
    Duty(
        id="bulk-put.each",
        text="A bulk put answers for each object, in order, with its result or its own error, and "
        "one that fails takes no other with it.",
        source="SupportsBulkPut.bulk_put",
        profile=Capability.BULK_PUT,
    ),
    Duty(
        id="bulk-put.many",
        text="A bulk put of many objects, or of none, stores exactly those.",
        source="SupportsBulkPut.bulk_put",
        profile=Capability.BULK_PUT,
    ),
    Duty(
        id="containers.named",
        text="Every container that holds an object is named once, sorted by tenant, then name.",
        source="SupportsContainers.containers",
        profile=Capability.CONTAINERS,
    ),
    Duty(
        id="quarantine.aside",
        text="What is set aside is absent at once, its bytes are kept, and a good copy can take "
        "its place.",
        source="SupportsQuarantine.quarantine",
        profile=Capability.QUARANTINE,
    ),
    Duty(
        id="quarantine.absent",
        text="Setting aside what is not there is refused.",
        source="SupportsQuarantine.quarantine, ObjectNotFoundError",
        profile=Capability.QUARANTINE,
    ),
    Duty(
        id="sweep.leftovers",
        text="A sweep touches no object, and a second one finds nothing more to do.",
        source="SupportsSweep.sweep",
        profile=Capability.SWEEP,
    ),
    Duty(
        id="sweep.live",
        text="A sweep never touches the work of a writer that is alive.",
        source="SupportsSweep.sweep",
        profile=Capability.SWEEP,
    ),
    Duty(
        id="prepare.once",
        text="A new place is an offer once it was prepared and never before; preparing it again "
        "changes nothing.",
        source="SupportsPrepare.prepare",
    ),
    Duty(
        id="retention.held",
        text="The offer itself refuses to delete an object before its date, and keeps it; a date "
        "that is over forbids nothing.",
        source="Capability.RETENTION, RetainedError",
        profile=Capability.RETENTION,
    ),
)
