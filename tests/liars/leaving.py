"""Lies of what is left behind: threads, files, dead writers, and what was long ago."""

from __future__ import annotations

import mmap
import os
import socket
import threading
from typing import cast

from coffre.contract import (
    ConnectionLostError,
    ConnectionParameters,
    GetRequest,
    GetResult,
    ObjectNotFoundError,
    PutRequest,
)
from coffre.streams import BytesContent, Copied
from coffre.testing import MemoryConnection
from tests.liars.honest import HonestConnection, HonestDriver
from tests.liars.liar import liar


@liar("process.threads")
class LeavesAThread(HonestDriver):
    """Each session leaves a thread that waits for work."""

    def connect(self, parameters: ConnectionParameters) -> MemoryConnection:
        end = threading.Event()
        threading.Thread(target=end.wait, args=(10,), daemon=True).start()
        self.at_the_end.append(end.set)
        return super().connect(parameters)


@liar("process.files")
class LeavesAFile(HonestDriver):
    """Each session leaves a file open."""

    def connect(self, parameters: ConnectionParameters) -> MemoryConnection:
        descriptor = os.open(os.devnull, os.O_RDONLY)
        self.at_the_end.append(lambda: os.close(descriptor))
        return super().connect(parameters)


@liar("process.files")
class LeavesASocketAfterAFailure(HonestConnection):
    """Each put that fails leaves a socket open."""

    def receive(self, request: PutRequest) -> tuple[bytes, Copied]:
        try:
            return super().receive(request)
        except Exception:
            for end in socket.socketpair():
                self.driver.at_the_end.append(end.close)
            raise


@liar("process.fork")
class HangsInAChild(HonestDriver):
    """In a child process it waits for a thread that only the parent has."""

    def __init__(self) -> None:
        super().__init__()
        self.home = os.getpid()

    def connect(self, parameters: ConnectionParameters) -> MemoryConnection:
        if os.getpid() != self.home:
            threading.Event().wait()
        return super().connect(parameters)


@liar("process.fork")
class KnowsOnlyItsParent(HonestDriver):
    """In a child process it cannot be used."""

    def __init__(self) -> None:
        super().__init__()
        self.home = os.getpid()

    def connect(self, parameters: ConnectionParameters) -> MemoryConnection:
        if os.getpid() != self.home:
            raise ConnectionLostError("it belongs to another process")
        return super().connect(parameters)


class Haunted(HonestConnection):
    @property
    def writer(self) -> mmap.mmap:
        return cast(mmap.mmap, self.driver.notes["writer"])

    def pull(self, request: PutRequest) -> tuple[bytes, Copied]:
        self.writer[:8] = os.getpid().to_bytes(8, "big")
        try:
            return super().pull(request)
        finally:
            self.writer[:8] = bytes(8)

    def get(self, request: GetRequest) -> GetResult:
        writer = int.from_bytes(self.writer[:8], "big")
        if writer not in (0, os.getpid()) and self.found(request.ref) is None:
            return GetResult(stream=BytesContent(b"").open(), size=0)
        return super().get(request)


@liar("put.crash")
class ShowsWhatTheDeadWereWriting(HonestDriver):
    """An object whose writer died in the middle is there, and empty."""

    connection = Haunted

    def __init__(self) -> None:
        super().__init__()
        self.notes["writer"] = mmap.mmap(-1, 8)  # shared with children


@liar("model.same", only=("model.same/short-histories",))
class ForgetsEveryTenthTime(HonestConnection):
    """Every tenth get of what is held says that it is not there."""

    def get(self, request: GetRequest) -> GetResult:
        result, notes = super().get(request), self.driver.notes
        notes["gets"] = notes.get("gets", 0) + 1
        if notes["gets"] % 10 == 0:
            raise ObjectNotFoundError("not found", ref=request.ref)
        return result
