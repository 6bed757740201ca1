"""What a connection's parameters mean to this driver."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from urllib.parse import unquote, urlsplit

from coffre.contract import ConnectionParameters, Parameter, ParameterError, Secret
from coffre.drivers.s3.credentials import Source, source_of
from coffre.drivers.s3.naming import BucketNaming, Naming, PrefixNaming
from coffre.http import Site, Tls

MIB = 1024 * 1024
LEAST_PART = 5 * MIB
"""Bytes of a part, but for the last. Source: AWS, "Amazon S3 multipart upload limits"."""
MOST_PART = 5 * 1024 * MIB
MOST_PARTS = 10_000


class Layout(StrEnum):
    """How objects are laid out."""

    PREFIX = "prefix"
    """One bucket, a prefix for each container."""
    BUCKETS = "buckets"
    """A bucket for each container."""


class Conditions(StrEnum):
    """Which conditional writes the service honours."""

    AUTO = "auto"
    """Found out at the first put."""
    ALL = "all"
    """On a put, and when a multipart upload is completed."""
    PUT = "put"
    """On a put alone: large objects are kept aside, and published by a small put."""
    NONE = "none"
    """None: the reference is looked at before it is written. For a single writer only."""


class Checksum(StrEnum):
    """What is sent for the service to hold the bytes against, beside the signed SHA-256."""

    AUTO = "auto"
    """What it is found to check, at the first put."""
    SHA512 = "sha512"
    SHA256 = "sha256"
    MD5 = "md5"
    NONE = "none"


class Retention(StrEnum):
    """How the bucket locks objects."""

    NONE = "none"
    GOVERNANCE = "governance"
    COMPLIANCE = "compliance"


PARAMETERS = (
    Parameter(name="endpoint", help="URL of the service, where the offer's URL is s3://bucket"),
    Parameter(name="region", default="us-east-1", help="Region that requests are signed for."),
    Parameter(
        name="addressing",
        default="path",
        choices=("path", "virtual"),
        help="Where the bucket is named: in the path, or in the name of the host.",
    ),
    Parameter(
        name="layout",
        default=Layout.PREFIX.value,
        choices=tuple(Layout),
        help="One bucket with a prefix for each container, or a bucket for each.",
    ),
    Parameter(name="access_key", help="Who asks; without it, a profile or the environment."),
    Parameter(name="secret_key", type=Secret, help="Its secret."),
    Parameter(name="session_token", type=Secret, help="Token of temporary credentials."),
    Parameter(name="profile", help="Section of the credentials file."),
    Parameter(name="credentials_file", help="Path of that file, ~/.aws/credentials without it."),
    Parameter(
        name="credentials",
        help="Who gives credentials that renew: sdk (botocore), or a function module:name.",
    ),
    Parameter(
        name="part_size",
        type=int,
        default=8 * MIB,
        help="Bytes of a part of a large object; smaller objects are sent whole.",
    ),
    Parameter(
        name="parallel", type=int, default=3, help="Parts of one object on their way at once."
    ),
    Parameter(
        name="conditions",
        default=Conditions.AUTO.value,
        choices=tuple(Conditions),
        help="Conditional writes that the service honours; tried at the first put when auto.",
    ),
    Parameter(
        name="checksum",
        default=Checksum.AUTO.value,
        choices=tuple(Checksum),
        help="Checksum that the service verifies; tried at the first put when auto.",
    ),
    Parameter(
        name="retention",
        default=Retention.NONE.value,
        choices=tuple(Retention),
        help="How the bucket's object lock is used; the bucket must have it.",
    ),
    Parameter(name="storage_class", help="Class that objects are stored in, GLACIER for instance."),
    Parameter(
        name="cold_classes",
        default="GLACIER,DEEP_ARCHIVE",
        help="Classes whose objects are restored before they are read, with commas; may be empty.",
    ),
    Parameter(
        name="restore_tier",
        default="Standard",
        choices=("Standard", "Bulk", "Expedited"),
        help="How fast objects of a cold class are restored.",
    ),
    Parameter(
        name="restore_days",
        type=int,
        default=7,
        help="Days for which they can be read, where an access request does not say.",
    ),
    Parameter(name="ca_bundle", help="File of the authorities believed, PEM."),
    Parameter(
        name="verify_tls",
        type=bool,
        default=True,
        help="Check the service's certificate; false only for a trial.",
    ),
    Parameter(name="proxy", type=Secret, help="URL of an HTTP proxy."),
    Parameter(
        name="connect_timeout", type=float, default=10.0, help="Seconds to reach the service."
    ),
    Parameter(name="timeout", type=float, default=60.0, help="Seconds without one byte moving."),
)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The parameters, read."""

    site: Site
    """The service; the bucket's own host with virtual addressing."""
    virtual: bool
    region: str
    naming: Naming
    layout: Layout
    source: Source = field(repr=False)
    part_size: int
    parallel: int
    conditions: Conditions
    checksum: Checksum
    retention: Retention
    storage_class: str
    cold_classes: frozenset[str]
    restore_tier: str
    restore_days: int

    @classmethod
    @lru_cache(maxsize=64)  # one for each offer, and asked for at each connection
    def of(cls, parameters: ConnectionParameters) -> Settings:
        """Read the parameters; those not given have their described default.

        Raises:
            ParameterError: the URL is not that of a bucket, or a value is out of range.
        """
        given = _Given(parameters)
        layout = Layout(given.text("layout"))
        virtual = given.text("addressing") == "virtual"
        if virtual and layout is Layout.BUCKETS:
            raise ParameterError('a bucket for each container needs addressing = "path"')
        endpoint, bucket, prefix = _places(parameters.url, given)
        naming = PrefixNaming if layout is Layout.PREFIX else BucketNaming
        return cls(
            site=_site(_virtual(endpoint, bucket) if virtual else endpoint, given),
            virtual=virtual,
            region=given.text("region"),
            naming=naming(bucket, prefix),
            layout=layout,
            source=source_of(parameters),
            part_size=given.number("part_size", LEAST_PART, MOST_PART),
            parallel=given.number("parallel", 1, 64),
            conditions=Conditions(given.text("conditions")),
            checksum=Checksum(given.text("checksum")),
            retention=Retention(given.text("retention")),
            storage_class=given.text("storage_class"),
            cold_classes=frozenset(filter(None, given.text("cold_classes").split(","))),
            restore_tier=given.text("restore_tier"),
            restore_days=given.number("restore_days", 1, 36_500),
        )

    def part_of(self, size: int) -> int:
        """Bytes of each part of an object of that size: there cannot be more than 10,000."""
        return max(self.part_size, -(-size // MOST_PARTS))


class _Given:
    """Parameters with their described defaults, whoever built them."""

    def __init__(self, parameters: ConnectionParameters) -> None:
        self._parameters = parameters
        self._described = {one.name: one for one in PARAMETERS}

    def text(self, name: str) -> str:
        described = self._described[name]
        text = self._parameters.text(name, str(described.default or ""))
        if described.choices and text not in described.choices:
            allowed = ", ".join(described.choices)
            raise ParameterError(f"parameter {name!r} must be one of {allowed}")
        return text

    def number(self, name: str, least: int, most: int) -> int:
        value = self._parameters.get(name, self._described[name].default)
        if type(value) is not int or not least <= value <= most:
            raise ParameterError(f"parameter {name!r} must be from {least} to {most}")
        return value

    def seconds(self, name: str) -> float:
        value = self._parameters.get(name, self._described[name].default)
        if not isinstance(value, int | float):
            raise ParameterError(f"parameter {name!r} must be seconds")
        return float(value)

    def flag(self, name: str) -> bool:
        value = self._parameters.get(name, self._described[name].default)
        if not isinstance(value, bool):
            raise ParameterError(f"parameter {name!r} must be true or false")
        return value


def _places(url: str, given: _Given) -> tuple[str, str, str]:
    """Endpoint, bucket and prefix that a URL names."""
    parts = urlsplit(url)
    endpoint = given.text("endpoint")
    if parts.query or parts.fragment:
        raise ParameterError("the URL of a bucket has no query and no fragment")
    if parts.scheme == "s3":
        endpoint = endpoint or f"https://s3.{given.text('region')}.amazonaws.com"
        return endpoint, parts.netloc, _prefix(parts.path)
    if parts.scheme not in ("http", "https"):
        raise ParameterError("write https://service/bucket/prefix or s3://bucket/prefix")
    if endpoint:
        raise ParameterError("endpoint is for URLs that begin with s3://")
    bucket, _, path = parts.path.lstrip("/").partition("/")
    return f"{parts.scheme}://{parts.netloc}", unquote(bucket), _prefix(path)


def _prefix(path: str) -> str:
    path = unquote(path).strip("/")
    if "//" in path or any(word in (".", "..") for word in path.split("/")):
        raise ParameterError("a prefix has no empty part, and none of dots alone")
    if not path.isprintable():
        raise ParameterError("a prefix is made of letters that can be printed")
    return path + "/" if path else ""


def _virtual(endpoint: str, bucket: str) -> str:
    parts = urlsplit(endpoint)
    return parts._replace(netloc=f"{bucket}.{parts.netloc}").geturl()


def _site(url: str, given: _Given) -> Site:
    return Site(
        url=url,
        tls=Tls(ca_bundle=given.text("ca_bundle") or None, verify=given.flag("verify_tls")),
        proxy=given.text("proxy") or None,
        connect_timeout=given.seconds("connect_timeout"),
        stall_timeout=given.seconds("timeout"),
    )
