"""What is said of the drivers of real services, each beside what a user would pick."""

from __future__ import annotations

from benchmarks.claims.claim import Bound, Claim, Measure

_PAGE = "drivers.md"
_TIME, _CPU, _MIB = Measure.TIME, Measure.PROCESSOR, Measure.MEBIBYTES
_OBSTORE, _BOTO3, _OPENSSH = "obstore", "boto3", "OpenSSH's `sftp`"
_PUT, _GET = "put of 256 MiB, digested", "get of 256 MiB, verified"
_SMALL_PUT, _SMALL_GET = "put of 16 KiB, one thread", "get of 16 KiB, one thread, verified"
_ALL = ("s3", "swift", "azure", "sftp")
_EACH = "a put or get of 16 KiB, digest and pool included"


def _claim(name: str, says: str, against: str, measure: Measure, target: float) -> Claim:
    return Claim(f"drivers-{name}", says, against, measure, Bound.AT_MOST, target, _PAGE)


def _memory(driver: str, way: str) -> Claim:
    says = f"memory over idle of a {way} of a large object, {driver}"
    return Claim(f"drivers-{driver}-memory-{way}", says, "", _MIB, Bound.UNDER, 64, _PAGE)


DRIVERS = (
    _claim("s3-put", f"s3: {_PUT}", _OBSTORE, _TIME, 1.0),
    _claim("s3-get", f"s3: {_GET}", _OBSTORE, _TIME, 0.9),
    _claim("s3-put-boto3", f"s3: {_PUT}", "boto3's transfer manager", _TIME, 1.0),
    _claim("s3-get-boto3", f"s3: {_GET}", _BOTO3, _TIME, 1.0),
    _claim("s3-small-put", f"s3: {_SMALL_PUT}", _OBSTORE, _TIME, 1.3),
    _claim("s3-small-get", f"s3: {_SMALL_GET}", _OBSTORE, _TIME, 1.3),
    _claim("s3-small-put-boto3", f"s3: {_SMALL_PUT}", _BOTO3, _TIME, 0.25),
    _claim("s3-small-get-boto3", f"s3: {_SMALL_GET}", _BOTO3, _TIME, 0.25),
    _claim("s3-cpu", f"s3: {_EACH}", _BOTO3, _CPU, 0.35),
    _claim("s3-ceph-get", f"s3, a RADOS Gateway as it comes: {_SMALL_GET}", _BOTO3, _TIME, 0.1),
    _claim("swift-put", f"swift: {_PUT}", "swiftclient", _TIME, 1.0),
    _claim("swift-get", f"swift: {_GET}", "swiftclient", _TIME, 1.0),
    _claim("swift-cpu", f"swift: {_EACH}", "swiftclient", _CPU, 0.35),
    _claim("azure-put", f"azure: {_PUT}", "azure-storage-blob", _TIME, 1.0),
    _claim("azure-get", f"azure: {_GET}", "azure-storage-blob", _TIME, 1.0),
    _claim("azure-cpu", f"azure: {_EACH}", "azure-storage-blob", _CPU, 0.35),
    _claim("sftp-put", f"sftp: {_PUT}", _OPENSSH, _TIME, 1.3),
    _claim("sftp-get", f"sftp: {_GET}", _OPENSSH, _TIME, 1.5),
    _claim("sftp-small-put", f"sftp: {_SMALL_PUT}", f"a batch of {_OPENSSH}", _TIME, 0.6),
    _claim("sftp-small-get", f"sftp: {_SMALL_GET}", f"a batch of {_OPENSSH}", _TIME, 0.6),
    _claim("sftp-put-paramiko", f"sftp: {_PUT}", "plain paramiko", _TIME, 1.0),
    _claim("sftp-get-paramiko", f"sftp: {_GET}", "plain paramiko", _TIME, 1.0),
    _claim("sftp-cpu", f"sftp: {_EACH}", "plain paramiko", _CPU, 1.0),
    *(_memory(driver, way) for driver in _ALL for way in ("put", "get")),
)
