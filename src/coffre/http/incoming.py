"""An answer as it arrives: libcurl calls with one line of the head, then with pieces of body."""

from __future__ import annotations

from coffre.http.answering import Headers

HEAD_LIMIT = 128 * 1024
"""Bytes of an answer's head, at most."""
_REFUSED = -1


class Incoming:
    """One answer at a time; what is not wanted ends the transfer, and ``too_much`` says why."""

    __slots__ = ("_head", "_lines", "complete", "limit", "pieces", "size", "too_much")

    def __init__(self) -> None:
        self.begin(0)

    def begin(self, limit: int | None) -> None:
        """Make room for the next answer.

        Args:
            limit: bytes of body held at once, at most; ``None`` when a reader takes them away.
        """
        self.limit = limit
        self.again()

    def again(self) -> None:
        """Forget what was received: it was no answer to the request."""
        self._lines: list[bytes] = []
        self._head = 0
        self.complete = False
        """The head is here, whole."""
        self.pieces: list[bytes] = []
        """Body that nobody has taken yet."""
        self.size = 0
        """Bytes of body so far."""
        self.too_much: str | None = None

    def line(self, line: bytes) -> int | None:
        """One line of a head (``CURLOPT_HEADERFUNCTION``), or a trailer, which says nothing."""
        if self.complete:
            return None
        if line.startswith(b"HTTP/"):  # also after a 100, which is not the answer
            self._lines = []
        self._lines.append(line)
        self._head += len(line)
        if self._head > HEAD_LIMIT:
            self.too_much = f"the head of the answer is longer than {HEAD_LIMIT} bytes"
            return _REFUSED
        if line in (b"\r\n", b"\n"):
            self.complete = self.status >= 200
        return None

    def piece(self, piece: bytes) -> int | None:
        """Some of the body (``CURLOPT_WRITEFUNCTION``)."""
        self.pieces.append(piece)
        self.size += len(piece)
        if self.limit is not None and self.size > self.limit:
            self.too_much = f"the answer is longer than the {self.limit} bytes allowed"
            return _REFUSED
        return None

    @property
    def begun(self) -> bool:
        """Whether anything of the answer is here."""
        return bool(self._lines)

    @property
    def status(self) -> int:
        """Of the answer, or of the interim answer that came first; 0 before any."""
        parts = self._lines[0].split(None, 2) if self._lines else []
        return int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else 0

    @property
    def headers(self) -> Headers:
        """Of the answer."""
        return Headers(self._lines[1:])

    def salvage(self, received: bytes) -> bool:
        """Make an answer of what a broken connection left behind; whether it is one.

        Only a refusal is believed: it is what a service says that closes before it has read the
        body, and it promises nothing. A body that is not whole, or is in chunks, is left out.
        """
        self.again()
        while not self.complete and b"\r\n\r\n" in received:
            self._lines = []
            head, _, received = received.partition(b"\r\n\r\n")
            for line in [*head.split(b"\r\n"), b""]:
                self.line(line + b"\r\n")
        if not self.complete or self.status < 300:
            self.again()
            return False
        length = self.headers.get("content-length", "")
        if length.isdigit() and int(length) <= len(received):
            self.piece(received[: int(length)])
        return True

    def take(self) -> bytes:
        """The body that is here, which is then the taker's."""
        pieces, self.pieces = self.pieces, []
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)
