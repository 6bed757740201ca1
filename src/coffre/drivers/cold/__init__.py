"""Offers that behave like a tape library, in one directory: for rehearsals and for tests.

**What happens.** Objects land on disk. Some time later they are packed into archives on tape
(``tar`` files that explain themselves), and later still they leave the disk: reading one is then
refused until it was asked for, a robot has brought its tape to a drive, and the drive has read
it. Then it stays on disk as long as was agreed, and leaves it again. Drives, delays and failures
are parameters; time is the clock's, and what fell due is done by whoever comes next.

**Guarantees.** The bytes are real, and so is the care taken of them: a put is durable before it
is acknowledged, an archive is read back and verified before the catalogue names it, what comes
from tape is verified before anybody can read it, and a damaged tape gives an error, never its
bytes. A process may be killed at any moment, and several may use one directory.

**Not for keeping an archive.** Tapes and disk are the same directory: this is one copy, however
many archives it is in.

Parameters:
    url: ``file:///absolute/path``, or the path alone.
    drives, robot_time, ...: see :data:`~coffre.drivers.cold.settings.PARAMETERS`.
"""

from coffre.drivers.cold.connection import ColdConnection
from coffre.drivers.cold.control import LibraryControl, Location
from coffre.drivers.cold.driver import ColdDriver

__all__ = ["ColdConnection", "ColdDriver", "LibraryControl", "Location"]
