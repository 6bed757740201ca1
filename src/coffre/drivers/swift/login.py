"""Login: how a token is asked for, and what the answer grants. Nothing is remembered here.

Sources: OpenStack Identity API v3, "Authentication and token management"; Swift's documentation
of its auth systems, "TempAuth" (``X-Auth-User``, ``X-Auth-Key``).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime

from coffre.contract import ForbiddenError, OfferUnavailableError, ParameterError, Secret
from coffre.drivers.swift.settings import Auth, Login, split_url
from coffre.http import HttpAnswer, HttpRequest, HttpSession, retry_after

UNTOLD = 3600.0
"""Seconds for which a token is used whose service does not say how long it lives."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A token, and the account it opens."""

    storage_url: str
    """URL of the account, without a slash at its end."""
    token: str = field(repr=False)
    lifetime: float
    """Seconds for which it is good, by the clock of the service alone."""


def ask_for_token(login: Login) -> Grant:
    """Log in.

    Raises:
        ForbiddenError: the service does not accept this user, or has no account for it.
        OfferUnavailableError: it cannot be reached, or does not do its work.
    """
    place, path = split_url(login.url)
    request = _v1_request(login, path) if login.auth is Auth.V1 else _v3_request(login, path)
    with HttpSession(login.site(place), extra="swift") as session:
        answer = session.exchange(request)
    _refuse(answer)
    grant = _v1_grant(answer) if login.auth is Auth.V1 else _v3_grant(answer, login)
    return _checked(grant, login)


def _refuse(answer: HttpAnswer) -> None:
    if answer.done:
        return
    if answer.status in (401, 403):
        raise ForbiddenError(
            f"the service does not accept this user; check user and secret (status {answer.status})"
        )
    if answer.status in (400, 404, 405):
        raise ForbiddenError(
            "this URL does not give tokens to such a request; check 'url', 'auth', project and "
            f"domains (status {answer.status})"
        )
    raise OfferUnavailableError(
        f"no token can be had now (status {answer.status})",
        retry_after=retry_after(answer.headers),
        effect_unknown=False,
    )


# --- version 1 ------------------------------------------------------------------------------------


def _v1_request(login: Login, path: str) -> HttpRequest:
    key = _revealed(login.password)
    headers = {"X-Auth-User": _ascii(login.user), "X-Auth-Key": _ascii(key)}
    return HttpRequest("GET", path or "/", headers)


def _v1_grant(answer: HttpAnswer) -> Grant:
    headers = answer.headers
    url, token = headers.get("X-Storage-Url", ""), headers.get("X-Auth-Token", "")
    if not url or not token:
        raise ForbiddenError("what answers at 'url' is not a v1 service; check the URL")
    told = headers.get("X-Auth-Token-Expires", "")
    lifetime = float(told) if told.isascii() and told.isdigit() else UNTOLD
    return Grant(url.rstrip("/"), token, lifetime)


# --- version 3 ------------------------------------------------------------------------------------


def _v3_request(login: Login, path: str) -> HttpRequest:
    auth: dict[str, object] = {"identity": _identity(login)}
    if not login.application_credential:  # a credential has its project already
        auth["scope"] = {"project": _project(login)}
    body = json.dumps({"auth": auth}).encode()
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    version = "" if path.endswith("/v3") else "/v3"
    return HttpRequest("POST", f"{path}{version}/auth/tokens", headers, body)


def _identity(login: Login) -> dict[str, object]:
    if not login.application_credential:
        user = {**_user(login), "password": _revealed(login.password)}
        return {"methods": ["password"], "password": {"user": user}}
    secret = _revealed(login.secret)
    credential: dict[str, object] = {"secret": secret}
    if login.user:
        credential |= {"name": login.application_credential, "user": _user(login)}
    else:
        credential["id"] = login.application_credential
    return {"methods": ["application_credential"], "application_credential": credential}


def _user(login: Login) -> dict[str, object]:
    return {"name": login.user, "domain": {"name": login.user_domain}}


def _project(login: Login) -> dict[str, object]:
    if login.project_id:
        return {"id": login.project_id}
    return {"name": login.project, "domain": {"name": login.project_domain}}


def _v3_grant(answer: HttpAnswer, login: Login) -> Grant:
    token = answer.headers.get("X-Subject-Token", "")
    try:
        told = json.loads(answer.body)["token"]
        lifetime = _lifetime(told["issued_at"], told["expires_at"])
        url = login.storage_url or _endpoint(told.get("catalog", ()), login)
    except (ValueError, TypeError, KeyError, AttributeError):
        raise ForbiddenError("what answers at 'url' is not Keystone v3; check the URL") from None
    if not token:
        raise ForbiddenError("what answers at 'url' gave no token; check the URL")
    return Grant(url.rstrip("/"), token, lifetime)


def _lifetime(issued: str, expires: str) -> float:
    # Both by the clock of the service: ours may be wrong.
    return (datetime.fromisoformat(expires) - datetime.fromisoformat(issued)).total_seconds()


def _endpoint(catalog: list[dict[str, object]], login: Login) -> str:
    for service in catalog:
        if service.get("type") != "object-store":
            continue
        endpoints = service.get("endpoints")
        for endpoint in endpoints if isinstance(endpoints, list) else ():
            there = endpoint.get("region_id") or endpoint.get("region")
            if endpoint.get("interface") == login.interface and login.region in ("", there):
                return str(endpoint["url"])
    raise ForbiddenError(
        f"the catalogue of this user has no {login.interface} endpoint of an object store"
        f"{f' in region {login.region}' if login.region else ''}; check 'interface' and 'region', "
        "or give 'storage_url'"
    )


# --- both -----------------------------------------------------------------------------------------


def _checked(grant: Grant, login: Login) -> Grant:
    if login.storage_url:
        return Grant(login.storage_url, grant.token, grant.lifetime)
    try:
        account = login.site(grant.storage_url)
    except ParameterError:
        raise ForbiddenError("the service names an account by what is no URL") from None
    if login.site(login.url).secure and not account.secure:
        # A token is as good as a password while it lives.
        raise ForbiddenError(
            "the service names an account without TLS, and tokens are not sent in the clear; "
            "have its endpoint corrected, or give 'storage_url'"
        )
    return grant


def _revealed(secret: Secret | None) -> str:
    return "" if secret is None else secret.reveal()


def _ascii(text: str) -> str:
    if not text.isascii() or not text.isprintable():
        raise ForbiddenError("v1 takes a user and a key of printable ASCII only")
    return text
