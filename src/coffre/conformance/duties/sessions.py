"""What one session owes: apart from the others, closed when told so, leaving nothing behind."""

from coffre.conformance.duty import Duty

DUTIES = (
    Duty(
        id="session.apart",
        text="Sessions of one driver are apart: closing one ends no other.",
        source="Driver.connect",
    ),
    Duty(
        id="session.close",
        text="Closing ends the session; doing it twice is harmless, and it never raises.",
        source="Connection.close",
    ),
    Duty(
        id="session.closed",
        text="A closed session does nothing, and refuses with an error of the offer that neither "
        "says *absent* nor leaves an effect in doubt.",
        source="Connection.close, ConnectionLostError.effect_unknown",
    ),
    Duty(
        id="session.cut",
        text="What is still being read when its session is closed gives the right bytes or "
        "raises; it never just ends.",
        source="GetResult.stream, Listing",
    ),
    Duty(
        id="session.left",
        text="A stream or a listing that is closed before its end leaves the session usable.",
        source="GetResult, Listing.close",
    ),
    Duty(
        id="session.fails",
        text="An operation that was refused leaves the session usable.",
        source="Connection",
    ),
    Duty(
        id="session.threads",
        text="A session may be opened by one thread, used by another, and closed by a third.",
        source="Connection",
    ),
    Duty(
        id="process.threads",
        text="When the last session is closed, no thread is left running for each that there was.",
        source="Connection.close",
    ),
    Duty(
        id="process.files",
        text="When the last session is closed, no file and no socket is left open for each that "
        "there was, failed operations included.",
        source="Connection.close",
    ),
    Duty(
        id="process.fork",
        text="A driver works in a child process after a fork, and goes on working in the parent.",
        source="Driver; docs/adr/0024",
    ),
    Duty(
        id="secret.shown",
        text="No secret shows in what a driver or a session prints of itself.",
        source="Secret; DESIGN, law 11",
    ),
    Duty(
        id="secret.errors",
        text="No secret shows in an error, in its cause, or in what it carries.",
        source="CoffreError; DESIGN, law 11",
    ),
    Duty(
        id="secret.logs",
        text="No secret shows in a log line, at any level.",
        source="Secret; DESIGN, law 11",
    ),
)
