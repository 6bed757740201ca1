"""Offers that are accounts of OpenStack Swift, reached by HTTP.

**Layout.** An object is an object of Swift, its bytes as deposited, in a Swift container of its
tenant and container: ``coffre+<tenant>+<container>``. Its record (expected digest, size,
metadata) stands in the headers of its metadata, or beside when it is long. A large object is a
static manifest of segments, which lie in ``coffre+segments``.

**Guarantees.** Nothing is visible before it was received whole and checked: small objects carry
an MD5 that the service refuses to break; segments carry theirs to the manifest, whose put is the
moment in which a large object appears, in place of the old one if so asked. Reads ask for the
newest copy. What a crash leaves behind is never visible, and is swept.

**Escapes.** Swift has no lock and no *compare and swap*: of writers of one reference at the very
same moment more than one may be told that it has won, and one object is held whole. That is why
``CREATE_ONLY`` is not declared. No object of ours has a date of expiry; one that was given a date
by others is not vouched for.

Parameters: see :data:`~coffre.drivers.swift.settings.PARAMETERS`.
"""

from coffre.drivers.swift.driver import SwiftDriver

__all__ = ["SwiftDriver"]
