"""What is said of storing, auditing and starting."""

from __future__ import annotations

from benchmarks.claims.budget import budgets
from benchmarks.claims.claim import Bound, Claim, Measure

_SHA512 = "hashlib's SHA-512 of the same file"
_PLAIN = "open, write, link, close and SHA-512, in plain Python"
_BARE = "a bare loop of open, write, fsync, link, fsync of the directory"
_THREADS = "bare hashlib over the same files, with as many threads"
_BUDGET = "the recorded budget"

STORING = (
    Claim(
        "large-put-1",
        "put of a large object, durable and verified, to one offer",
        _SHA512,
        Measure.TIME,
        Bound.AT_MOST,
        1.05,
    ),
    Claim("large-put-2", "the same, to two offers", _SHA512, Measure.TIME, Bound.AT_MOST, 1.15),
    Claim("large-put-3", "the same, to three offers", _SHA512, Measure.TIME, Bound.AT_MOST, 1.25),
    Claim(
        "large-put-read",
        "put of a large object to one offer, and the copy read back",
        _SHA512,
        Measure.TIME,
        Bound.AT_MOST,
        2.1,
    ),
    Claim(
        "large-fetch",
        "a large object fetched to a file, verified",
        _SHA512,
        Measure.TIME,
        Bound.AT_MOST,
        1.1,
    ),
    Claim(
        "large-get",
        "a large object read through `get`, verified before its first byte",
        _SHA512,
        Measure.TIME,
        Bound.AT_MOST,
        1.1,
    ),
    Claim(
        "small-bulk-1",
        "bulk put of 16 KiB objects in memory, receipt and ledger included, to one offer",
        _PLAIN,
        Measure.MICROSECONDS,
        Bound.AT_MOST,
        110,
    ),
    Claim(
        "small-bulk-2", "the same, to two offers", _PLAIN, Measure.MICROSECONDS, Bound.AT_MOST, 170
    ),
    Claim(
        "small-durable",
        "puts of 16 KiB objects, each durable before the next",
        _BARE,
        Measure.RATE,
        Bound.AT_LEAST,
        0.8,
    ),
    Claim(
        "small-durable-bulk",
        "bulk put of 16 KiB objects, durable",
        _BARE,
        Measure.RATE,
        Bound.AT_LEAST,
        3,
    ),
    Claim(
        "small-durable-files",
        "`coffre put -r` of 16 KiB files, durable, start of the program included",
        _BARE,
        Measure.RATE,
        Bound.AT_LEAST,
        3,
    ),
    Claim("audit-large", "audit of 64 MiB objects", _THREADS, Measure.RATE, Bound.AT_LEAST, 0.9),
    Claim("audit-small", "audit of 16 KiB objects", _THREADS, Measure.RATE, Bound.AT_LEAST, 0.9),
    Claim(
        "memory-put",
        "peak memory over idle, put of a 4 GiB object to two offers",
        "",
        Measure.MEBIBYTES,
        Bound.UNDER,
        80,
    ),
    Claim(
        "memory-get",
        "peak memory over idle, get of a 4 GiB object",
        "",
        Measure.MEBIBYTES,
        Bound.UNDER,
        80,
    ),
    Claim(
        "memory-list-offer",
        "listing of 200,000 objects by an offer: growth over the second half",
        "",
        Measure.MEBIBYTES,
        Bound.AT_MOST,
        1,
    ),
    Claim(
        "memory-list-engine",
        "listing of 200,000 objects by the engine: growth over the second half",
        "",
        Measure.MEBIBYTES,
        Bound.AT_MOST,
        1,
    ),
    Claim(
        "start-import",
        "`import coffre`, start of the interpreter included",
        "`python -c pass`",
        Measure.MILLISECONDS,
        Bound.UNDER,
        60,
    ),
    Claim(
        "start-help",
        "`coffre --help`, start of the interpreter included",
        "`python -c pass`",
        Measure.MILLISECONDS,
        Bound.UNDER,
        200,
    ),
    Claim(
        "calls-durable",
        "system calls of a put of 16 KiB, durable by itself, to one offer",
        _BUDGET,
        Measure.CALLS,
        Bound.AT_MOST,
        budgets()["durable"]["calls"],
    ),
    Claim(
        "calls-bulk",
        "system calls of a put of 16 KiB, in a durable bulk job, to one offer",
        _BUDGET,
        Measure.CALLS,
        Bound.AT_MOST,
        budgets()["bulk"]["calls"],
    ),
)
