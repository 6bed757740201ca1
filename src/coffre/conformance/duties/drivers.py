"""What a driver owes before any object is stored, and what its parameters owe."""

from coffre.conformance.duty import Duty

DUTIES = (
    Duty(
        id="driver.identity",
        text="A driver tells its name, its version, and the contract it was written for.",
        source="Driver.name, Driver.version, Driver.contract",
    ),
    Duty(
        id="driver.described",
        text="Each parameter is described once, with a sentence for a person, and a default "
        "that its own description allows.",
        source="Driver.parameters, Parameter",
    ),
    Duty(
        id="driver.declared",
        text="A session declares no more than its driver, and the same for as long as it is open.",
        source="Driver.capabilities, Connection.capabilities",
    ),
    Duty(
        id="driver.services",
        text="A service is there if and only if its capability is declared.",
        source="coffre.contract.services",
    ),
    Duty(
        id="driver.defined",
        text="Nothing is declared for which the contract has no service yet: nobody could use it, "
        "and whoever relies on the declaration relies on nothing.",
        source="Capability",
    ),
    Duty(
        id="driver.available",
        text="Whether the service answers now is told truly, cheaply, and without ever raising.",
        source="Driver.is_available",
    ),
    Duty(
        id="driver.unreachable",
        text="A service that cannot be reached is unavailable: no session is opened, and nothing "
        "is said of its objects.",
        source="Driver.connect, OfferUnavailableError",
    ),
    Duty(
        id="driver.refused",
        text="A user whom the service does not accept is refused, which is not the same as a "
        "service that cannot be reached.",
        source="Driver.connect, ForbiddenError",
    ),
    Duty(
        id="driver.threads",
        text="A driver may be used from several threads at once.",
        source="Driver",
    ),
    Duty(
        id="parameters.kept",
        text="A connection has the parameters it was opened with.",
        source="Connection.parameters",
    ),
    Duty(
        id="parameters.fixed",
        text="The parameters of a connection cannot be changed, from outside or by what it does.",
        source="Connection.parameters; VITAM, interfaces Driver and Connection",
    ),
    Duty(
        id="parameters.users",
        text="Another user means another connection of the same driver: each keeps its own, and "
        "neither feels what is done to the other.",
        source="Connection.parameters, ConnectionParameters",
    ),
    Duty(
        id="parameters.travel",
        text="Parameters can be sent to another process, and open the same offer there.",
        source="ConnectionParameters, Secret",
    ),
)
