"""A bridge to the file systems that fsspec reaches: WebDAV, FTP, SMB, HDFS and others.

It claims only what it does itself: bytes are written aside, read back and digested before they
get their name; what the file system below says of a digest, of durability or of exclusive
creation is not relied on, and not promised. A file system in which a half-written object could
be seen is refused.
"""

from coffre.drivers.fsspec.connection import CAPABILITIES, FsspecConnection
from coffre.drivers.fsspec.driver import FsspecDriver
from coffre.drivers.fsspec.settings import PARAMETERS, Settings

__all__ = ["CAPABILITIES", "PARAMETERS", "FsspecConnection", "FsspecDriver", "Settings"]
