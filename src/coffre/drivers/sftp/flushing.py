"""Flushing names: folders that are opened ahead, and flushed together once something is in them."""

from __future__ import annotations

from contextlib import suppress

from coffre.drivers.sftp.exchange import Answer, LineLostError, StatusError
from coffre.drivers.sftp.packets import FOR_READING
from coffre.drivers.sftp.root import NOT_FLUSHED, Root


class NamesToFlush:
    """The folders in which names are about to change."""

    __slots__ = ("_folders", "_opened", "_root")

    def __init__(self, root: Root, folders: tuple[str, ...]) -> None:
        """Name them; nothing is asked yet."""
        self._root = root
        self._folders = folders
        self._opened: list[tuple[str, Answer[bytes]]] = []

    def open(self) -> None:
        """Ask for them, beside other things: as files are opened, which OpenSSH allows."""
        if self._root.flushes:
            remote = self._root.remote
            self._opened = [(one, remote.open(one, FOR_READING)) for one in self._folders]

    def flush(self, *files: bytes | None) -> bool:
        """Have the names in them survive a power cut, and some open files, in one round trip.

        Returns:
            False where the server has no way to do it.
        """
        remote = self._root.remote
        if not self._root.flushes:
            return False
        handles = [self._handle(folder, answer) for folder, answer in self._take()]
        opened = [handle for handle in handles if handle is not None]
        written = [remote.flush(file) for file in files if file is not None]
        named = [remote.flush(handle) for handle in opened]
        for handle in opened:
            remote.close(handle)
        done = [answer.get() for answer in written]
        kept = [_kept(answer) for answer in named]
        return all(done) and all(kept) and len(opened) == len(handles)

    def close(self) -> None:
        """Let them go, if they were not flushed. Never raises."""
        for _, answer in self._take():
            with suppress(StatusError, LineLostError):
                self._root.remote.close(answer.get())

    def _take(self) -> list[tuple[str, Answer[bytes]]]:
        opened, self._opened = self._opened, []
        return opened

    def _handle(self, folder: str, answer: Answer[bytes]) -> bytes | None:
        try:
            return answer.get()
        except StatusError:
            # It was not there yet.
            return self._root.open_names(folder)


def _kept(answer: Answer[bool]) -> bool:
    """Whether a folder was flushed.

    Raises:
        StatusError: the server tried, and failed.
    """
    try:
        return answer.get()
    except StatusError as error:
        if error.status in NOT_FLUSHED:
            return False
        raise
