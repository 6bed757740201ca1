"""What errors owe: the right family, the right class, and no doubt where there is none."""

from coffre.conformance.duty import Duty

DUTIES = (
    Duty(
        id="error.family",
        text="Operations raise errors of the offer only, with the reference they are about, and "
        "what a library raised as their cause.",
        source="OfferError, CoffreError.ref",
    ),
    Duty(
        id="error.retryable",
        text="An error says whether the same call may succeed later, as its class in the contract "
        "says.",
        source="CoffreError.retryable",
    ),
    Duty(
        id="error.stopped",
        text="A service that has stopped is unavailable to open sessions: no object of it is said "
        "to be absent, no listing to be empty or complete.",
        source="OfferUnavailableError; DESIGN, law 2",
    ),
    Duty(
        id="error.recovers",
        text="Once the service is there again, new sessions find everything as it was.",
        source="Driver.connect",
    ),
    Duty(
        id="request.refused",
        text="A request that needs a capability which is not declared is refused, and nothing is "
        "done; no field is ever ignored.",
        source="coffre.contract.requests, UnsupportedOperationError",
    ),
    Duty(
        id="request.kept",
        text="A request can be sent again: no operation changes what it was given.",
        source="coffre.contract.requests",
    ),
)
