"""The service: asks on behalf of one connection, with a token that is good.

An answer of *no token* (401) to a request whose body can be given again is followed by a new
token and the same request, once: nothing was done, so this is part of asking and no retry.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from coffre.contract import Buffer, ConnectionLostError, ForbiddenError, ObjectRef
from coffre.drivers.swift.answers import error_of
from coffre.drivers.swift.limits import Limits, limits_of
from coffre.drivers.swift.login import Grant
from coffre.drivers.swift.settings import Login, split_url
from coffre.drivers.swift.tokens import TOKENS, Tokens
from coffre.http import HttpAnswer, HttpRequest, HttpSession, HttpStream

NEWEST = {"X-Newest": "true"}
"""Ask all the servers that should hold a copy, and believe the latest."""
_NOTHING: Mapping[str, str] = {}
_known: dict[str, Limits] = {}
"""Limits of each cluster that this process has asked; a value is set whole, never changed."""


class Service:
    """One account of one cluster; used by one thread at a time."""

    def __init__(self, login: Login, tokens: Tokens = TOKENS) -> None:
        """Log in, unless this process has a token already.

        Raises:
            ForbiddenError: the service does not accept this user.
            OfferUnavailableError: it cannot be reached.
        """
        self._login = login
        self._tokens = tokens
        self._closed = False
        self._grant = tokens.grant(login)
        place, self.account = split_url(self._grant.storage_url)
        """Path of the account, before every target."""
        self._session = HttpSession(login.site(place), extra="swift")

    # --- asking ---------------------------------------------------------------------------

    def ask(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] = _NOTHING,
        body: bytes | memoryview | None = None,
        limit: int = 4 * 1024 * 1024,
    ) -> HttpAnswer:
        """Ask, and give any answer whole.

        Args:
            method: of HTTP.
            path: what follows the account, escaped.
            headers: beside the token.
            body: in memory.
            limit: bytes of the answer's body.

        Raises:
            OfferUnavailableError: no answer came, or no token can be had.
            ForbiddenError: a token that was given just now is refused.
        """

        def once(token: str) -> HttpAnswer:
            told = {**headers, "X-Auth-Token": token}
            target = f"{self.account}{path}"
            return self._session.exchange(HttpRequest(method, target, told, body, limit))

        return self._with_token(once)

    def done(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] = _NOTHING,
        body: bytes | memoryview | None = None,
        *,
        ref: ObjectRef | None = None,
    ) -> HttpAnswer:
        """Ask, and give the answer if it says *done*.

        Raises:
            OfferError: any other answer, in the words of the contract.
        """
        answer = self.ask(method, path, headers, body)
        return answered(answer, ref, safe=method in ("GET", "HEAD"))

    def send(
        self,
        path: str,
        headers: Mapping[str, str],
        length: int,
        chunks: Callable[[], Iterable[Buffer]],
    ) -> HttpAnswer:
        """Put a body that is pulled while it is sent.

        The service is asked for leave first (``Expect: 100-continue``): a token that ended is
        noticed, and renewed, before a byte is pulled.

        Args:
            path: what follows the account, escaped.
            headers: beside the token.
            length: bytes of the body.
            chunks: the body; called when the first byte is wanted.
        """
        pulled = False

        def body() -> Iterable[Buffer]:
            nonlocal pulled
            pulled = True
            yield from chunks()

        def once(token: str) -> HttpAnswer:
            told = {**headers, "X-Auth-Token": token}
            request = HttpRequest("PUT", f"{self.account}{path}", told, wait_for_leave=True)
            return self._session.send(request, length, body())

        return self._with_token(once, again=lambda: not pulled)

    def open(self, path: str, headers: Mapping[str, str]) -> HttpStream:
        """Get, and give the answer with a body that is read as it comes."""

        def once(token: str) -> HttpStream:
            told = {**headers, "X-Auth-Token": token}
            return self._session.open(HttpRequest("GET", f"{self.account}{path}", told))

        self._ready()
        stream = once(self._grant.token)
        if stream.status == 401:
            stream.close()
            self._renew()
            stream = once(self._grant.token)
        if stream.status == 401:
            stream.close()
            raise _never_good()
        return stream

    def _with_token(
        self, once: Callable[[str], HttpAnswer], again: Callable[[], bool] = lambda: True
    ) -> HttpAnswer:
        self._ready()
        answer = once(self._grant.token)
        if answer.status != 401:
            return answer
        self._tokens.refused(self._login, self._grant)
        if not again():
            raise error_of(answer)
        self._renew()
        answer = once(self._grant.token)
        if answer.status == 401:
            raise _never_good()
        return answer

    def require_open(self) -> None:
        """Go on only if the session was not closed.

        Raises:
            ConnectionLostError: it was.
        """
        if self._closed:
            raise ConnectionLostError("the connection is closed", effect_unknown=False)

    def _ready(self) -> None:
        self.require_open()
        self._use(self._tokens.grant(self._login))

    def _renew(self) -> None:
        self._tokens.refused(self._login, self._grant)
        self._use(self._tokens.grant(self._login))

    def _use(self, grant: Grant) -> None:
        """Go on with a token; it may open another door of the same account."""
        if grant is self._grant:
            return
        place, account = split_url(grant.storage_url)
        if account != self.account:
            # Another account is another place: its objects are not the ones we speak of.
            raise ForbiddenError("this user's account is another one now; connect again")
        if grant.storage_url != self._grant.storage_url:
            self._session.close()
            self._session = HttpSession(self._login.site(place), extra="swift")
        self._grant = grant

    # --- the cluster ----------------------------------------------------------------------

    @property
    def limits(self) -> Limits:
        """What the cluster takes; asked once in this process."""
        url = self._grant.storage_url
        limits = _known.get(url)
        if limits is None:
            self._ready()
            base = self.account.partition("/v1")[0]
            answer = self._session.exchange(HttpRequest("GET", f"{base}/info"))
            limits = limits_of(answer)
            if answer.status < 500:  # what is only away now is asked again
                _known[url] = limits
        return limits

    def close(self) -> None:
        """End the session; closing twice is harmless."""
        self._closed = True
        self._session.close()


def answered(answer: HttpAnswer, ref: ObjectRef | None = None, *, safe: bool = False) -> HttpAnswer:
    """An answer, if it says *done*.

    Raises:
        OfferError: it says something else, in the words of the contract.
    """
    if not answer.done:
        raise error_of(answer, ref, safe=safe)
    return answer


def _never_good() -> ForbiddenError:
    return ForbiddenError("the service takes no token of this user, not even a new one")
