"""What ``coffre init`` makes: a configuration, and its two offers in directories, ready to use."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from coffre.config.errors import ConfigurationError
from coffre.config.opening import DEFAULT_PATH, prepare_offers
from coffre.contract import CoffreError

OFFERS = ("north", "south")
"""Directories under ``offers`` that play the part of two storage services."""

TEMPLATE = """\
# coffre: where copies are kept, and how many.
#
# Paths are relative to the directory of this file. Every key is explained in the reference page
# "configuration"; `coffre drivers NAME` shows the parameters of a driver.

# What was stored, by whom, with which digest. Keep it apart from the offers, and back it up.
[ledger]
url = "sqlite:///coffre.db"     # or "postgresql://user@host/database", for several machines

# Offers: places that keep objects. Two directories play that part here. In real life they are two
# disks, machines, services: two copies on one disk are lost together.
[offers.north]
driver = "filesystem"
url = "file:offers/north"

# A directory that holds no offer is a disk that is away, never a new offer: a new one is made once,
# by `coffre offers --prepare ID`. `coffre init` has made these two.
#
# [offers.north.parameters]
# records = "sidecar"           # keep records in files of their own, not in attributes
#
# Secrets are given by reference, never written here:
# password = { environment = "NORTH_PASSWORD" }
# password = { file = "/etc/coffre/north.password" }

[offers.south]
driver = "filesystem"
url = "file:offers/south"

# Which offers hold copies of an object, read in the order of their rank, and how many verified
# copies there must be before a put is acknowledged. A copy still missing then is a debt.
[strategies.default]
offers = [
    { offer = "north", rank = 1, referent = true },
    { offer = "south", rank = 2 },
]
required = 2
algorithm = "sha512"
verify = "written"              # or "read": read every copy back before it counts (slower)

# Rights of containers, where they differ from the protocol's. The container `object` is
# write-once: other bytes under a taken identifier are a conflict.
# [containers.drafts]
# overwrite = true
# delete = true

# How much of an offer may be used at once; `coffre bench pool north` measures what is best.
# [offers.north.pool]
# max_size = 10                 # connections
#
# [offers.north.limits]
# threads = 16                  # at this offer

# A repair that would touch more objects than this stops and asks.
# [limits]
# brake_count = 1000            # objects
# brake_share = 0.1             # share of all objects, from 0 to 1
# threads = 64                  # at all offers together
"""


def write_configuration(directory: str | os.PathLike[str] = ".") -> Sequence[Path]:
    """Write a commented ``coffre.toml``, and make the two offers that it names.

    Args:
        directory: where; made when it is missing.

    Returns:
        What was made, the configuration first.

    Raises:
        ConfigurationError: there is a configuration already, and it stays as it is; or the
            directory cannot be written.
        CoffreError: a directory cannot be an offer; no configuration was written.
    """
    base = Path(directory)
    path = base / DEFAULT_PATH
    offers = [base / "offers" / name for name in OFFERS]
    try:
        base.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(TEMPLATE)
        (base / "offers").mkdir(exist_ok=True)
    except FileExistsError as error:
        raise ConfigurationError(
            f"{error.filename} is there already and stays as it is: choose another directory",
        ) from error
    except OSError as error:
        raise ConfigurationError(f"{error.filename}: {error.strerror}") from error
    try:
        prepare_offers(path)
    except CoffreError:
        path.unlink()  # init can be run again once the reason is gone
        raise
    return [path, *offers]
