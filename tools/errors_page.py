"""The page of the errors, from the tree of classes; the next step of each is written here."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

import coffre
from coffre.cli.status import status_of
from coffre.contract import CoffreError

HEAD = """\
# Errors

<!-- Made by `make docs` from the error classes. Edit those, or tools/errors_page.py. -->

Everything coffre raises on purpose is a `CoffreError`. Programs act on the class or on `code`,
never on the message. A code never changes once released, and is the same in Python, in JSON and in
the ledger:

```json
{"error": {"code": "object-not-found", "message": "0/object/charter.txt is not stored",
           "offer": null, "ref": "0/object/charter.txt", "retryable": false}}
```

*Again*: the same call may succeed later, unchanged (`retryable`). *Status*: how a command ends; see
[commands](cli.md#exit-statuses). An error with a twin among Python's own is one of those, too.
"""

NEXT: dict[str, str] = {
    "error": "read the message",
    "usage": "correct the command line; `--help`",
    "output": "make room where standard output goes; what was done stands",
    "interrupted": "run the same command again: it goes on",
    "internal": "report it, with what `COFFRE_DEBUG=1` shows",
    "configuration": "correct the line that the message names",
    "invalid-parameter": "correct the parameter that the message names; `coffre drivers`",
    "strategy": "correct the strategy in `coffre.toml`",
    "driver-unusable": "`coffre drivers` tells why",
    "driver-not-found": "install the package that brings it; `coffre drivers` lists what there is",
    "contract-version": "upgrade coffre, or the driver, as the message says",
    "ledger-version": "upgrade coffre; the ledger was not touched",
    "invalid-reference": "use letters, digits, `_`, `@`, `-` and single inner dots",
    "invalid-digest": "write it as `sha512:<hexadecimal>`",
    "invalid-request": "correct what the message names",
    "invalid-range": "ask for bytes inside the object",
    "invalid-order": "say who decided it, and why",
    "source-unreadable": "look at the source; nothing was stored",
    "source-changed": "put it again when nobody writes to it",
    "size-mismatch": "compare source and announcement; nothing was published",
    "digest-mismatch": "compare source and announcement; nothing was published",
    "object-conflict": "store the new bytes under another identifier; the old ones stay",
    "forbidden": "look at the rights on the offer, or at the container's",
    "retained": "wait for the date, or have the hold lifted",
    "unsupported": "use a driver that declares the capability; nothing was sent",
    "brake": "look at the findings, then `--release-brake`",
    "still-needed": "take the offer out of every strategy; repair and audit the others",
    "object-not-found": "`coffre ls`; it is not stored under that reference",
    "object-corrupt": "`coffre audit`, then `coffre repair`",
    "object-incomplete": "`coffre audit`, then `coffre repair`",
    "not-enough-copies": "bring the offers back, then put it again; good copies are kept",
    "no-readable-copy": "bring the offers back; nothing is concluded, nothing was deleted",
    "offer-error": "read the message",
    "offer-full": "make room on the offer; nothing was published",
    "offer-failed": "look at the disk and its log before anything else; then put it again",
    "offer-unavailable": "see that it is mounted, reachable, switched on",
    "offer-timeout": "try again; a put that may have arrived is looked for first",
    "connection-lost": "try again; a put that may have arrived is looked for first",
    "not-ready": "ask for access to the slow medium, and come back",
    "metrics-missing": "`pip install 'coffre[prometheus]'`",
    "seal-error": "read the message",
    "signing-missing": "`pip install 'coffre[certificate]'`",
    "key-unusable": "give the key that the message asks for; `coffre conform --new-key FILE`",
    "key-exists": "name another file; the key that is there was not touched",
    "document-unreadable": "get the file again from whoever made it; upgrade coffre if it is newer",
    "not-genuine": "believe nothing of it; ask its signer for the original, and for the key",
    "protocol": "see that both ends speak the offer protocol; the message says what was wrong",
    "protocol-header": "see that the client speaks the offer protocol",
    "protocol-negative-length": "correct the client; nothing was stored",
    "protocol-route": "check the URL; every path begins with `/offer/v1/`",
    "protocol-method": "correct the client",
    "protocol-signature": "give both ends the same secret, and set their clocks",
    "protocol-body": "see that the other end speaks the offer protocol, and no proxy changes it",
    "protocol-body-missing": "correct the client; a proxy may drop the body of a GET",
    "protocol-field-missing": "correct the other end",
    "protocol-listing-cut": "list again; nothing is concluded from a part",
    "protocol-length": "send it again; nothing was stored",
    "pool-error": "read the message; nothing was sent",
    "pool-timeout": "the message names who holds the connections; how-to *size a pool*",
    "pool-busy": "ask less at once, or allow more connections",
    "pool-closed": "open the offer again",
    "pool-paused": "resume the pool",
    "pool-deadlock": "give back what the message names before asking for more",
    "breaker-open": "see why the offer cannot be reached; it is asked again after a rest",
    "lease-nested": "use one connection for one piece of work",
    "lease-returned": "open another connection; correct the code that kept this one",
    "lease-forked": "open offers after the fork, not before",
    "limiter-timeout": "the message names who is inside; `threads` in `coffre.toml`",
    "limiter-busy": "ask less at once, or allow more threads",
    "offer-exists": "give the offer another id, or remove the other one first",
    "offer-not-open": "`coffre offers` lists the ids",
    "object-busy": "try again when it is done",
    "ledger-error": "read the message; the operation does not count as done",
    "ledger-locked": "try again when the other process is done",
    "ledger-unavailable": "see that the database server runs and can be reached",
    "ledger-damaged": "restore the backup, or rebuild from an offer",
}
"""What a person does about each, by code."""


def errors_page() -> str:
    """The whole page."""
    rows = [row(error) for error in error_classes()]
    return "\n".join(
        [
            HEAD,
            "| code | class | also a | again | status | meaning | next step |",
            "|---|---|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


def error_classes() -> list[type[CoffreError]]:
    """Every class of the tree, in the order of the tree; each module of the house is imported."""
    for module in pkgutil.walk_packages(coffre.__path__, "coffre."):
        if ".migrations" not in module.name:
            importlib.import_module(module.name)
    return list(below(CoffreError))


def below(error: type[CoffreError]) -> Iterator[type[CoffreError]]:
    """A class, and all that derive from it inside coffre, those of the contract first."""
    yield error
    for child in sorted(error.__subclasses__(), key=place):
        if child.__module__.startswith("coffre."):
            yield from below(child)


def place(error: type[CoffreError]) -> tuple[bool, str]:
    """The order of siblings, whichever module was imported first; a module keeps its own."""
    return not error.__module__.startswith("coffre.contract."), error.__module__


def row(error: type[CoffreError]) -> str:
    """One line of the table."""
    summary = (error.__doc__ or "").strip().split("\n\n")[0]
    twins = [base.__name__ for base in error.__bases__ if not issubclass(base, CoffreError)]
    cells = (
        f"`{error.code}`",
        f"`{error.__name__}`" if not error.__name__.startswith("_") else "",
        ", ".join(f"`{twin}`" for twin in twins if twin != "Exception"),
        "yes" if error.retryable else "",
        str(int(status_of(error.__new__(error)))),
        " ".join(summary.split()),
        NEXT.get(error.code, ""),
    )
    return f"| {' | '.join(cells)} |"
