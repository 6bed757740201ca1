"""Offers that are directories on a server reached over SSH, in the layout of the local ones.

**Layout.** As the filesystem driver's (``coffre.tree``): a disk filled over SFTP is read there by
the filesystem driver, or by a person with ``cat``, and the other way round. Records are files
under ``.coffre/records``; those that the filesystem driver keeps as extended attributes are not
seen over SFTP.

**Guarantees.** A put writes a part aside, flushes it (``fsync@openssh.com``), links it into place
(``hardlink@openssh.com``), and flushes the names: a reader sees the whole object or none, and an
object already there is never replaced unless the request says so, and then in one step
(``posix-rename@openssh.com``). Where a server lacks an extension the driver claims less: not
*durable*, no ``REPLACE``, and it stores nothing on a server whose rename would overwrite.

**Sessions.** The server's host key is always checked, against a file or a fingerprint; none is
ever added. One SSH transport for each connection, with one thread of paramiko's; a session is dead
in a forked child. A silent server is given up within ``timeout`` seconds.

**Speed.** A codec of our own over paramiko's channel: requests go out without waiting, in few
packets; AES-GCM first; no delayed small packets. Figures: docs/adr/0036.

Parameters:
    url: ``sftp://user@host:port/absolute/path``, or ``/~/path`` from where the user arrives.
    others: see :data:`~coffre.drivers.sftp.settings.PARAMETERS`.
"""

from coffre.drivers.sftp.driver import SftpDriver

__all__ = ["SftpDriver"]
