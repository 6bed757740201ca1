"""Duties that take a long history, a bad network or a large holding to be tried."""

from coffre.conformance.duty import FAULTS, LIMITS, MODEL, SPEED, Duty

DUTIES = (
    Duty(
        id="model.same",
        text="Whatever is done in whatever order, by several sessions, the offer holds and answers "
        "what a dictionary would.",
        source="Connection",
        profile=MODEL,
    ),
    Duty(
        id="faults.cut",
        text="A session that is cut off says so; it never gives half an object, half a listing or "
        "*absent* as an answer.",
        source="ConnectionLostError; DESIGN, law 2",
        profile=FAULTS,
    ),
    Duty(
        id="faults.nothing-half",
        text="A put that is cut off leaves the object whole or not at all, and what was held "
        "before as it was.",
        source="Connection.put; DESIGN, law 5",
        profile=FAULTS,
    ),
    Duty(
        id="faults.doubt",
        text="When the request may have reached the offer, the error leaves the effect in doubt; "
        "an error that leaves none is right.",
        source="OfferUnavailableError.effect_unknown",
        profile=FAULTS,
    ),
    Duty(
        id="faults.stall",
        text="A service that stops answering is given up within a bounded time.",
        source="OfferTimeoutError",
        profile=FAULTS,
    ),
    Duty(
        id="faults.spoiled",
        text="Bytes that were spoilt on their way are refused, or at least not claimed to have "
        "been looked at.",
        source="PutResult.digest, Evidence",
        profile=FAULTS,
    ),
    Duty(
        id="faults.recovers",
        text="After a fault, a new session works as before.",
        source="Driver.connect",
        profile=FAULTS,
    ),
    Duty(
        id="limits.objects",
        text="Ten thousand objects in one container are listed whole, in order, page by page.",
        source="Connection.list",
        profile=LIMITS,
    ),
    Duty(
        id="limits.large",
        text="A large object passes whole, and any part of it can be had.",
        source="Connection.put, Connection.get",
        profile=LIMITS,
    ),
    Duty(
        id="limits.sessions",
        text="Many sessions at once do what one does.",
        source="Driver.connect",
        profile=LIMITS,
    ),
    Duty(
        id="speed.figures",
        text="Figures, for comparison on the same machine and service; no duty depends on them.",
        source="docs/explanation/performance.md",
        profile=SPEED,
    ),
)
