"""Offers kept by a program in any language, which speaks a small protocol of frames.

The program is started for each connection, without a shell, and ends with it; or it listens on a
Unix socket. The protocol is in ``docs/reference/process-protocol.md``; a whole program, in one
file of C, is in ``examples/process_driver.c``.

**Guarantees of this side.** A put is pulled by the program and published only when told to: a
content that fails leaves nothing. What was sent is digested here, too, and compared. Bytes, pages
and messages that come in are bounded by what was granted; every wait has a deadline. A program
that dies, falls silent or talks nonsense ends the session with an error that says whether a
request may have had its effect; nothing of it stays, neither process nor descriptor.

**Secrets** are told to the program once it has said which versions it speaks, over the pipe: its
command line and its environment hold none. What it says in errors and on its standard error is
shown without them.

Parameters:
    url: of the offer; handed to the program as it is.
    command, socket, options, secret, ...: see
        :data:`~coffre.drivers.process.settings.PARAMETERS`.
"""

from coffre.drivers.process.connection import ProcessConnection
from coffre.drivers.process.driver import ProcessDriver

__all__ = ["ProcessConnection", "ProcessDriver"]
