"""The commands, in the order in which a person meets them."""

from __future__ import annotations

from coffre.cli.command import Command
from coffre.cli.commands import (
    audit,
    bench,
    conform,
    drivers,
    get,
    init,
    ls,
    new_driver,
    offers,
    put,
    rebuild,
    repair,
    retire,
    rm,
    stat,
    sweep,
    verify,
)

COMMANDS: tuple[Command, ...] = (
    init.COMMAND,
    drivers.COMMAND,
    offers.COMMAND,
    put.COMMAND,
    get.COMMAND,
    stat.COMMAND,
    ls.COMMAND,
    rm.COMMAND,
    audit.COMMAND,
    repair.COMMAND,
    rebuild.COMMAND,
    retire.COMMAND,
    sweep.COMMAND,
    bench.COMMAND,
    new_driver.COMMAND,
    conform.COMMAND,
    verify.COMMAND,
)
