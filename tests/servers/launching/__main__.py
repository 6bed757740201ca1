"""Start the servers, run a command that uses them, stop them.

    python -m tests.servers.launching [--only NAME,...] [--install] [-- COMMAND...]

Without a command, the addresses are printed as a shell wants them, and the servers stay until
Ctrl-C. ``COFFRE_SERVERS_REQUIRED=1`` makes every server that is left out a failure.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from types import FrameType

from tests.servers.launching.catalogue import SERVERS
from tests.servers.launching.launch import Launch, default_tools, tell
from tests.servers.launching.server import Server

INTERRUPTED = 130


def main(words: Sequence[str]) -> int:
    """Do what the command line says; the exit status of the command that was run."""
    arguments = _parsed(words)
    for sign in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, _interrupt)
    chosen = _chosen(arguments.only)
    begun = time.monotonic()
    try:
        with Launch(chosen, default_tools()) as launch:
            launch.start()
            count = f"{len(launch.addresses)} of {len(chosen)} servers"
            tell(f"{count} answer after {time.monotonic() - begun:.0f} s")
            if arguments.command:
                status = _run(arguments.command, {**os.environ, **launch.environment()})
            else:
                status = _show(launch.environment())
            # The tests of what is left out have told so; here it is for when none asked.
            required = os.environ.get("COFFRE_SERVERS_REQUIRED") == "1"
            return status or int(required and bool(launch.left_out))
    except KeyboardInterrupt:
        return INTERRUPTED


def _parsed(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.servers.launching")
    parser.add_argument("--only", default="", metavar="NAME,...", help="servers to start")
    parser.add_argument("command", nargs="*", help="what to run once they answer")
    return parser.parse_args(words)


def _chosen(only: str) -> list[Server]:
    wanted = {name.strip().upper() for name in only.split(",") if name.strip()}
    if unknown := wanted - {server.name for server in SERVERS}:
        sys.exit(f"no such server: {', '.join(sorted(unknown))}")
    return [server for server in SERVERS if not wanted or server.name in wanted]


def _run(command: Sequence[str], environment: Mapping[str, str]) -> int:
    with subprocess.Popen(command, env=environment) as process:
        try:
            return process.wait()
        except KeyboardInterrupt:
            # A Ctrl-C has reached it as well; a signal that was for us alone has not.
            process.terminate()
            process.wait()
            raise


def _show(environment: Mapping[str, str]) -> int:
    for name, value in environment.items():
        if name.startswith("COFFRE_TEST_"):
            print(f"export {name}={value}", flush=True)
    tell("Ctrl-C stops them")
    while True:
        signal.pause()


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
