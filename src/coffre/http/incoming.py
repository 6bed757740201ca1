"""An answer as it arrives.

libcurl hands over one line of head at a time, and the body in pieces of 16 KiB. Both go
straight into lists, without a step of Python in between: of the time of a small get, half
would be spent there. They are looked at when a turn of the loop has ended.
"""

from __future__ import annotations

from coffre.http.answering import Headers

_ENDS_OF_HEAD = (b"\r\n", b"\n")


class Incoming:
    """One answer at a time. The two lists stay the same for as long as it lives."""

    __slots__ = ("_body_seen", "headers", "limit", "lines", "pieces", "status")

    def __init__(self) -> None:
        """Wait for a first answer."""
        self.lines: list[bytes] = []
        """Of the heads: interim answers, the answer, trailers. libcurl bounds them: 300 KiB."""
        self.pieces: list[bytes] = []
        """Body that nobody has taken yet."""
        self.begin(None)

    def begin(self, limit: int | None) -> None:
        """Make room for the next answer.

        Args:
            limit: bytes of body held at once, at most; ``None`` when a reader takes them away.
        """
        self.lines.clear()
        self.pieces.clear()
        self.limit = limit
        self.status = 0
        """Of the answer; 0 until its head is here, whole."""
        self.headers = _NO_HEADERS
        """Of the answer."""
        self._body_seen = False

    def answered(self) -> bool:
        """Whether the head of the answer is here; interim answers are passed over."""
        if self.status:
            return True
        begun = 0
        for number, line in enumerate(self.lines):
            if line not in _ENDS_OF_HEAD:
                continue
            status = _status_of(self.lines[begun])
            if status >= 200:
                self.headers = Headers(self.lines[begun + 1 : number])
                self.status = status
                return True
            begun = number + 1
        return False

    @property
    def has_body(self) -> bool:
        """Whether anything of a body came."""
        return self._body_seen or bool(self.pieces)

    @property
    def too_much(self) -> bool:
        """Whether more body came than may be held."""
        return self.limit is not None and sum(map(len, self.pieces)) > self.limit

    def take(self) -> bytes:
        """The body that is here, which is then the taker's."""
        pieces = self.pieces
        if not pieces:
            return b""
        self._body_seen = True
        taken = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        pieces.clear()
        return taken

    def salvage(self, received: bytes) -> bool:
        """Make an answer of what a broken connection left behind; whether it is one.

        Only a refusal is believed: it is what a service says that closes before it has read the
        body, and it promises nothing. A body that is not whole, or is in chunks, is left out.
        """
        while not self.answered() and b"\r\n\r\n" in received:
            head, _, received = received.partition(b"\r\n\r\n")
            self.lines.extend(line + b"\r\n" for line in [*head.split(b"\r\n"), b""])
        if self.status < 300:
            self.begin(self.limit)
            return False
        length = self.headers.get("content-length", "")
        if length.isdigit() and int(length) <= len(received):
            self.pieces.append(received[: int(length)])
        return True


def _status_of(line: bytes) -> int:
    parts = line.split(None, 2)
    return int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else 0


_NO_HEADERS = Headers(())
