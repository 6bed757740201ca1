"""Aside: how a large object is created by condition where the service has none for uploads.

Some services refuse to *put* over what is there, and complete a multipart upload over it in silence
(Ceph before 20). There the bytes are uploaded under a key of their own, which nobody else uses, and
published by a small put at the object's key, on the condition that nothing is there: of several
writers of any size exactly one wins, and none can lose what another has stored.

The small object says in words where the bytes are, for whoever comes without coffre. It is always
of one length, by which listings know what to look at more closely.
"""

from __future__ import annotations

from coffre.drivers.s3.naming import Place

ASIDE_SIZE = 1021
"""Bytes of an object that names others. A prime, so that few other objects have as many."""

_TEXT = """\
This is not the object itself. It is large, and was stored on a service that cannot create a large
object without the danger of replacing another one; so its bytes are kept under the key

    {key}

of the same bucket, and this small object, which could be created safely, names it. Its metadata
(x-amz-meta-coffre-record) hold the size, the digest and the name of the object.
"""


def text_of(place: Place) -> bytes:
    """The small object that names a place."""
    text = _TEXT.format(key=place.key).encode()
    if len(text) >= ASIDE_SIZE:  # a key of a thousand letters; the header names it all the same
        text = place.key.encode()[: ASIDE_SIZE - 1]
    return text + b"\n" * (ASIDE_SIZE - len(text))
