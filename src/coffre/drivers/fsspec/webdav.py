"""WebDAV of the library, mended where it is read: what is cut off is not asked for again.

As it is, the library opens a new connection and reads on by itself. Trying again is decided in
one place, above the drivers; and what is there by then may be another object.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from webdav4.client import ResourceAlreadyExists
from webdav4.fsspec import WebdavFileSystem


class CheckedWebdav(WebdavFileSystem):  # type: ignore[misc]
    """A WebDAV service."""

    protocol = "coffre-webdav"

    def open(
        self, path: str, mode: str = "rb", block_size: int | None = None, **kwargs: object
    ) -> Any:  # noqa: ANN401 - a file of the library, or ours
        """Open a file; for reading, as one answer of the service."""
        if mode != "rb":
            return super().open(path, mode, block_size=block_size, **kwargs)
        return AnswerFile(self, self._strip_protocol(path))

    def rename(self, source: str, destination: str) -> None:
        """Move a file, in one step as the service does it, onto no other.

        Raises:
            FileExistsError: another has the name.
        """
        try:
            self.client.move(source, destination, overwrite=False)
        except ResourceAlreadyExists as error:
            raise FileExistsError(destination) from error


class AnswerFile:
    """A file read as one answer to one request, begun at the first read."""

    def __init__(self, files: CheckedWebdav, path: str) -> None:
        """Ask for a file.

        Raises:
            FileNotFoundError: the service has none of that name.
        """
        self._files = files
        self._path = path
        self._left = b""
        self._begin(0)

    def _begin(self, offset: int) -> None:
        client = self._files.client
        # Bytes as they are kept: an answer that was compressed on its way has another length.
        headers = {"Accept-Encoding": "identity"}
        if offset:
            headers["Range"] = f"bytes={offset}-"
        request = client.http.build_request("GET", client.join_url(self._path), headers=headers)
        self._answer = client.http.send(request, stream=True, follow_redirects=False)
        if self._answer.status_code != (206 if offset else 200):
            self._answer.close()
            if self._answer.status_code == 404:
                raise FileNotFoundError(self._path)
            raise UnexpectedStatus(self._answer.status_code)
        self._next: Callable[[], bytes] = iter(self._answer.iter_raw()).__next__

    def read(self, size: int, /) -> bytes:
        """Up to so many bytes; none at the end."""
        if not self._left:
            try:
                self._left = self._next()
            except StopIteration:
                return b""
        data, self._left = self._left[:size], self._left[size:]
        return data

    def seek(self, offset: int, /) -> None:
        """Ask again, from there."""
        self.close()
        self._begin(offset)

    def write(self, data: object, /) -> None:
        """It is open for reading."""
        raise NotImplementedError

    def close(self) -> None:
        """Let the answer go, read or not."""
        self._answer.close()


class UnexpectedStatus(Exception):  # noqa: N818 - it is told by its status
    """An answer that is none to what was asked."""

    def __init__(self, status_code: int) -> None:
        super().__init__(f"HTTP status {status_code}")
        self.status_code = status_code
