"""Names: which bucket and key an object has, and which reference a key stands for.

Two references never share a key, and a key says which reference it is: the identifier stands at
its end, as it is, so that the service's own order (bytewise, of keys) is the contract's order.

``layout = "prefix"``: one bucket, ``<prefix><tenant>/<container>/<identifier>``. Tenants are
digits and no part holds a slash. ``layout = "buckets"``: a bucket for each container,
``<stem>-<tenant>-<container>``, with the identifier alone for a key. Names of buckets know few
letters; a container that does not fit is written in base 32 after a second hyphen, and one that is
still too long is refused.

What is not an object lies below ``<prefix>.coffre/``, in the bucket of the URL: no tenant has such
a name.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from base64 import b32decode, b32encode
from binascii import Error as NotBase32
from typing import NamedTuple

from coffre.contract import (
    ContainerEntry,
    InvalidReferenceError,
    ObjectRef,
    ParameterError,
    UnsupportedOperationError,
    check_name,
)

SERVICE = ".coffre/"
"""Below this, what the driver keeps for itself."""
MOST_BUCKET = 63
"""Letters of a bucket's name, at most. Source: AWS, "General purpose buckets naming rules"."""
MOST_PREFIX = 400
"""Letters of a prefix, at most: 1,024 bytes of key, less two names of 255 and our own words."""

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_TENANT = re.compile(r"0|[1-9][0-9]{0,9}")
_PLAIN = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_TENANT_INSIDE = re.compile(r"-[0-9]+(?:-|$)")


class Place(NamedTuple):
    """Where an object, or something of the driver's own, lies."""

    bucket: str
    key: str

    def __str__(self) -> str:
        """For a person."""
        return f"s3://{self.bucket}/{self.key}"


class Naming(ABC):
    """One way to lay an offer out in buckets and keys."""

    def __init__(self, bucket: str, prefix: str) -> None:
        """Hold the bucket and the prefix of the URL.

        Raises:
            ParameterError: no such bucket or prefix is possible.
        """
        if not _BUCKET.fullmatch(bucket):
            raise ParameterError(
                f"{bucket!a} cannot be a bucket: 3 to 63 small letters, digits, dots and hyphens"
            )
        if len(prefix) > MOST_PREFIX:
            raise ParameterError(f"the prefix is longer than {MOST_PREFIX} letters")
        self.bucket = bucket
        self.prefix = prefix

    def own(self, name: str) -> Place:
        """Where something of the driver's own lies."""
        return Place(self.bucket, f"{self.prefix}{SERVICE}{name}")

    def place(self, ref: ObjectRef) -> Place:
        """Where an object lies.

        Raises:
            UnsupportedOperationError: this layout has no name for its container.
        """
        bucket, prefix = self.folder(ref.tenant, ref.container)
        return Place(bucket, prefix + ref.identifier)

    @abstractmethod
    def folder(self, tenant: int, container: str) -> Place:
        """Bucket and prefix of one container.

        Raises:
            UnsupportedOperationError: this layout has no name for it.
        """


class PrefixNaming(Naming):
    """One bucket for all."""

    def folder(self, tenant: int, container: str) -> Place:
        """Bucket, and the prefix that ends in a slash."""
        return Place(self.bucket, f"{self.prefix}{tenant}/{container}/")


class BucketNaming(Naming):
    """A bucket for each container; the bucket of the URL holds the driver's own things."""

    def __init__(self, bucket: str, prefix: str) -> None:
        """Hold the stem of the buckets.

        Raises:
            ParameterError: a prefix, or a stem that could be taken for another offer's bucket.
        """
        super().__init__(bucket, prefix)
        if prefix:
            raise ParameterError("with a bucket for each container, the URL ends at the bucket")
        if _TENANT_INSIDE.search(bucket):
            raise ParameterError("the stem of buckets cannot hold a number between hyphens")

    def folder(self, tenant: int, container: str) -> Place:
        """Bucket, and no prefix."""
        bucket = f"{self.bucket}-{tenant}-{_bucket_word(container)}"
        if len(bucket) > MOST_BUCKET:
            raise UnsupportedOperationError(
                f"container {container!r} makes a bucket of {len(bucket)} letters, at most "
                f'{MOST_BUCKET} are allowed; shorten it, or use layout = "prefix"'
            )
        return Place(bucket, "")

    def entry(self, bucket: str) -> ContainerEntry | None:
        """The container that a bucket stands for; ``None`` when it is none of ours."""
        if not bucket.startswith(f"{self.bucket}-"):
            return None
        tenant, hyphen, word = bucket[len(self.bucket) + 1 :].partition("-")
        container = _container_of(word) if hyphen and _TENANT.fullmatch(tenant) else None
        return container_entry(tenant, container) if container else None


def _bucket_word(container: str) -> str:
    if _PLAIN.fullmatch(container):
        return container
    return "-" + b32encode(container.encode()).decode().rstrip("=").lower()


def _container_of(word: str) -> str | None:
    if not word.startswith("-"):
        return word if _PLAIN.fullmatch(word) else None
    encoded = word[1:].upper()
    try:
        found = b32decode(encoded + "=" * (-len(encoded) % 8)).decode()
    except (NotBase32, UnicodeDecodeError):
        return None
    return found if _bucket_word(found) == word else None


def container_entry(tenant: str, container: str) -> ContainerEntry | None:
    """A container by the words found in a listing; ``None`` when they cannot be one."""
    if not _TENANT.fullmatch(tenant) or not is_name(container):
        return None
    return ContainerEntry(tenant=int(tenant), container=container)


def is_name(text: str) -> bool:
    """Whether a text found in a listing can be an identifier or a container."""
    try:
        check_name(text, "name")
    except InvalidReferenceError:
        return False
    return True
