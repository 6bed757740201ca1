"""Offers that are buckets: any service that speaks S3, with what it honours found out, not guessed.

**Layout.** ``<prefix><tenant>/<container>/<identifier>`` in one bucket, or a bucket for each
container. The bytes are those deposited; the record (expected digest, size, metadata) is user
metadata of the same object. See :mod:`~coffre.drivers.s3.naming` and
:mod:`~coffre.drivers.s3.records`.

**Guarantees.** A put is one request, or an upload in parts that becomes visible in one: whole or
not at all. Of several writers of one reference exactly one wins, at any size, by the service's own
condition; a service that ignores conditions is not written to, unless the user says that there is
a single writer. Bytes are held against their SHA-256, SHA-512 or MD5 by the service, whichever it
was found to check. No ETag is ever taken for a digest.

**Escapes.** What a writer that died has left is never visible, and is swept.

Parameters:
    url: ``https://service/bucket/prefix``, or ``s3://bucket/prefix`` with ``endpoint``.
    Others: see :data:`~coffre.drivers.s3.settings.PARAMETERS`.
"""

from coffre.drivers.s3.connection import S3Connection
from coffre.drivers.s3.driver import S3Driver

__all__ = ["S3Connection", "S3Driver"]
