"""Offers that are directories: ``<root>/<tenant>/<container>/<xx>/<identifier>``.

**Layout.** The bytes of an object are a plain file, exactly as deposited; ``<xx>`` comes from the
digest of the identifier and keeps folders small. Its record (expected digest, size, metadata) is
an extended attribute of that file, or a file under ``.coffre/records`` where there are none. A
text in the root, ``README-coffre.txt``, says how to read all this without coffre.

**Guarantees.** A put writes a file without a name, flushes it to the device, links it into
place and flushes the name: a reader sees the whole object or none, an object already there is
never replaced unless the request says so, and then in one step. Of several writers, threads,
processes or machines, exactly one wins. What a crash leaves behind is never visible, and is swept.

**Escapes.** Symbolic links below the root are not followed; a root without our marker is an
offer that is away, however empty, and one that holds other things is refused; so is a file
system that ignores case. A new offer is made on purpose: by ``prepare``, or by the first put
with ``create``.

Parameters:
    url: ``file:///absolute/path``, or the path alone.
    create, flush, records: see :data:`~coffre.drivers.filesystem.settings.PARAMETERS`.
"""

from coffre.drivers.filesystem.connection import FilesystemConnection
from coffre.drivers.filesystem.driver import FilesystemDriver

__all__ = ["FilesystemConnection", "FilesystemDriver"]
