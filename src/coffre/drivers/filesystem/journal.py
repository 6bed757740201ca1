"""What is known of the file system under a root: whether its journal keeps our order.

On ext4 with a journal and on xfs, all changes of names, sizes and attributes go through one
journal, in the order in which they were made. Bytes that were written back *before* an object
was given its name are therefore safe as soon as that name is: flushing the folder alone
commits everything before it, and has the device empty its cache first. This saves one of two
flushes for each object. The argument, its limits and the power cuts that test it are in
docs/adr/0011-one-flush-per-object.md.

Everywhere else bytes and names are flushed apart.
"""

from __future__ import annotations

import glob
import os
from functools import lru_cache


@lru_cache(maxsize=64)
def keeps_order(device: int) -> bool:
    """Whether flushing a folder makes durable all that was done on the device before.

    Args:
        device: number of the device, as ``st_dev`` says it.
    """
    number = f"{os.major(device)}:{os.minor(device)}"
    kind = _kind_of(number)
    return kind == "xfs" or (kind == "ext4" and _has_journal(number))


@lru_cache(maxsize=64)
def takes_names_along(device: int) -> bool:
    """Whether flushing a new folder also makes its own name durable, in the folders above.

    ext4 does so with a journal (one transaction) and without (it flushes the folders above of
    what is new), xfs and btrfs by their log.
    """
    return _kind_of(f"{os.major(device)}:{os.minor(device)}") in {"ext4", "xfs", "btrfs"}


def _kind_of(number: str) -> str:
    """Type of the file system on a device, as the kernel names it; empty when it is not said."""
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as lines:
            for line in lines:
                before, _, after = line.partition(" - ")
                if before.split()[2] == number:
                    return after.split()[0]
    except (OSError, IndexError):
        pass
    return ""


def _has_journal(number: str) -> bool:
    """Whether the kernel runs a journal for an ext4: it can be made without one."""
    try:
        name = os.path.basename(os.readlink(f"/sys/dev/block/{number}"))
    except OSError:
        return False
    return bool(glob.glob(f"/proc/fs/jbd2/{glob.escape(name)}-*"))
