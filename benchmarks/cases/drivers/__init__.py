"""Drivers, each beside what a user of its service would pick.

S3 is measured on a stub in memory, where the client is what takes the time; the rest, and small
gets from a RADOS Gateway, on real servers whose addresses ``COFFRE_TEST_*`` names, as in
tests/servers. A peer that is not installed, or a server that was not started, is one plain line.
"""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import ExitStack
from functools import partial

from benchmarks.archives import size_text
from benchmarks.cases.drivers import ours, peers, stub
from benchmarks.cases.drivers.cases import Pair, against_openssh, compared, large_of
from benchmarks.cases.drivers.makers import AZURE, PARAMIKO, SWIFT, s3_on_ceph, s3_on_stub
from benchmarks.cases.drivers.stores import address_of
from benchmarks.claims import claim, claims_of
from benchmarks.measuring import Figure, NotMeasuredError
from benchmarks.options import Case, Options

_OBSTORE, _BOTO3 = s3_on_stub(peers.obstore), s3_on_stub(peers.boto3)
_SERVERS = {"swift": "SWIFT", "azure": "AZURE", "sftp": "SFTP"}


def _memory(options: Options, driver: str, way: str) -> Figure:
    """The worst of some processes, each of which moves one large object."""
    size = large_of(options)
    with ExitStack() as stack:
        if driver == "s3":
            url = stack.enter_context(stub.running())
        else:
            address_of(_SERVERS[driver])
            url = "-"
        found = [_child(driver, way, url, size) for _ in range(options.runs)]
    return Figure(
        claim=claim(f"drivers-{driver}-memory-{way}"),
        values=tuple(each["peak"] - each["idle"] for each in found),
        setting=size_text(size),
        notes={"idle, MiB": max(each["idle"] for each in found)},
    )


def _child(driver: str, way: str, url: str, size: int) -> dict[str, float]:
    program = f"from {__name__}.child import main; main()"
    command = [sys.executable, "-c", program, driver, way, url, str(size)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        raise NotMeasuredError(f"the process failed: {ended.stderr.strip()[-500:]}")
    measured: dict[str, float] = json.loads(ended.stdout)
    return measured


def _case(name: str, kind: str, pair: Pair, *, stub: bool = False) -> tuple[str, Case]:
    return name, partial(compared, name=name, kind=kind, pair=pair, stub=stub)


_made: dict[str, Case] = dict(
    [
        _case("drivers-s3-put", "put", _OBSTORE, stub=True),
        _case("drivers-s3-get", "get", _OBSTORE, stub=True),
        _case("drivers-s3-put-boto3", "put", _BOTO3, stub=True),
        _case("drivers-s3-get-boto3", "get", _BOTO3, stub=True),
        _case("drivers-s3-small-put", "small-put", _OBSTORE, stub=True),
        _case("drivers-s3-small-get", "small-get", _OBSTORE, stub=True),
        _case("drivers-s3-small-put-boto3", "small-put", _BOTO3, stub=True),
        _case("drivers-s3-small-get-boto3", "small-get", _BOTO3, stub=True),
        _case("drivers-s3-cpu", "cpu", _BOTO3, stub=True),
        _case("drivers-s3-ceph-get", "small-get", s3_on_ceph(peers.boto3)),
        _case("drivers-swift-put", "put", SWIFT),
        _case("drivers-swift-get", "get", SWIFT),
        _case("drivers-swift-cpu", "cpu", SWIFT),
        _case("drivers-azure-put", "put", AZURE),
        _case("drivers-azure-get", "get", AZURE),
        _case("drivers-azure-cpu", "cpu", AZURE),
        _case("drivers-sftp-put-paramiko", "put", PARAMIKO),
        _case("drivers-sftp-get-paramiko", "get", PARAMIKO),
        _case("drivers-sftp-cpu", "cpu", PARAMIKO),
    ]
)
for _kind in ("put", "get", "small-put", "small-get"):
    _name = f"drivers-sftp-{_kind}"
    _made[_name] = partial(against_openssh, name=_name, kind=_kind, ours=ours.sftp)
for _driver in ("s3", "swift", "azure", "sftp"):
    for _way in ("put", "get"):
        _made[f"drivers-{_driver}-memory-{_way}"] = partial(_memory, driver=_driver, way=_way)

CASES: dict[str, Case] = {each.name: _made[each.name] for each in claims_of("drivers.md")}
