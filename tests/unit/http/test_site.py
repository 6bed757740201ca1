"""Addresses, and the ways to them."""

from __future__ import annotations

import socket

import pytest

from coffre.contract import DriverError, OfferUnavailableError, ParameterError
from coffre.http import HttpRequest, HttpSession, Site, Tls, require_pycurl
from tests.unit.http.services import OK, Caller, for_ever, service

GET = HttpRequest("GET", "/x")


@pytest.mark.parametrize(
    ("url", "host", "port", "path", "secure"),
    [
        ("http://a", "a", 80, "", False),
        ("http://a:80/", "a", 80, "", False),
        ("https://a:443/b/c/", "a", 443, "/b/c", True),
        ("https://A.example:9000/b", "a.example:9000", 9000, "/b", True),
        ("http://[::1]:81", "[::1]:81", 81, "", False),
        ("https://[::1]", "[::1]", 443, "", True),
    ],
)
def test_a_url_says_host_port_path_and_whether_it_is_secure(
    url: str, host: str, port: int, path: str, secure: bool
) -> None:
    site = Site(url=url)

    assert (site.host, site.port, site.path, site.secure) == (host, port, path, secure)
    assert site.root == f"{'https' if secure else 'http'}://{host}{path}"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "a",
        "ftp://a",
        "file:///etc/passwd",
        "http://",
        "http://a:b",
        "http://a:99999",
        "http://[::1",
        "http://a/?q=1",
        "http://a/#f",
        "http://a/ b",
        "http://a\r\nX: y/",
        "http://é/",
    ],
)
def test_what_is_no_address_of_a_service_is_refused(url: str) -> None:
    with pytest.raises(ParameterError):
        Site(url=url)


def test_a_url_with_a_password_is_refused_without_repeating_it() -> None:
    with pytest.raises(ParameterError) as raised:
        Site(url="https://user:hunter2@a/")

    assert "hunter2" not in str(raised.value)
    assert "user" not in str(raised.value).split("a URL must not hold a user")[0]


@pytest.mark.parametrize("times", [{"connect_timeout": 0.0}, {"stall_timeout": -1.0}])
def test_patience_is_above_zero(times: dict[str, float]) -> None:
    with pytest.raises(ParameterError):
        Site(url="http://a", **times)  # type: ignore[arg-type]


def test_no_secret_in_what_is_printed() -> None:
    site = Site(url="http://a", proxy="http://me:hunter2@proxy:3128", tls=Tls(key="hunter2"))
    request = HttpRequest("GET", "/", {"Authorization": "hunter2"}, b"hunter2")

    assert "hunter2" not in f"{site!r} {request!r}"


def test_a_service_is_reached_over_ipv6() -> None:
    with (
        service(for_ever(OK), family=socket.AF_INET6) as there,
        HttpSession(Site(url=f"http://[::1]:{there.port}")) as session,
    ):
        assert session.exchange(GET).body == b"ok"

    assert f"Host: [::1]:{there.port}".encode() in there.heads[0]


# --- Proxies -------------------------------------------------------------------------------


def test_the_environment_does_not_decide_about_proxies_unless_asked_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with service(for_ever(OK)) as proxy, service(for_ever(OK)) as there:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("all_proxy", proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        with HttpSession(Site(url=there.url)) as session:
            session.exchange(GET)
        with HttpSession(Site(url=there.url, proxy_from_environment=True)) as session:
            session.exchange(GET)

    assert there.requests == [b"GET /x"]
    assert proxy.requests == [f"GET {there.url}/x".encode()]


def test_a_proxy_that_is_named_is_used_whatever_the_environment_excepts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("no_proxy", "*")
    with (
        service(for_ever(OK)) as proxy,
        HttpSession(Site(url="http://no-such-name.invalid", proxy=proxy.url)) as session,
    ):
        assert session.exchange(GET).body == b"ok"

    assert proxy.requests == [b"GET http://no-such-name.invalid/x"]


def test_a_proxy_that_refuses_a_tunnel_is_no_answer_of_the_service() -> None:
    def refusing(caller: Caller) -> None:
        caller.head()
        caller.say(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")

    with service(refusing) as proxy:
        address = f"http://me:hunter2@127.0.0.1:{proxy.port}"
        with (
            HttpSession(Site(url="https://service.invalid", proxy=address)) as session,
            pytest.raises(OfferUnavailableError) as raised,
        ):
            session.exchange(HttpRequest("PUT", "/", {}, b"body"))

    assert not raised.value.effect_unknown
    assert "hunter2" not in str(raised.value)


# --- The library ---------------------------------------------------------------------------


def test_without_the_library_the_user_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("coffre.http.library.find_spec", lambda name: None)

    with pytest.raises(DriverError, match=r"pip install 'coffre\[swift\]'"):
        require_pycurl("swift")
    with pytest.raises(DriverError, match=r"coffre\[azure\]"):
        HttpSession(Site(url="http://a"), extra="azure")
