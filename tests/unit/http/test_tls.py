"""TLS: who is spoken to is known, or nothing is said."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from cryptography import x509

from coffre.contract import ConnectionLostError, OfferUnavailableError
from coffre.http import HttpRequest, HttpSession, Site, Tls
from tests.unit.http.authorities import Authority
from tests.unit.http.services import OK, Caller, Service, for_ever, service
from tests.unit.http.test_life import in_child

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")

GET = HttpRequest("GET", "/")


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority.made(tmp_path / "authority")


def site_of(there: Service, tls: Tls, host: str = "127.0.0.1") -> Site:
    return Site(url=f"https://{host}:{there.port}", tls=tls, connect_timeout=5, stall_timeout=5)


def refused(there: Service, tls: Tls, host: str = "127.0.0.1") -> OfferUnavailableError:
    with (
        HttpSession(site_of(there, tls, host)) as session,
        pytest.raises(OfferUnavailableError) as raised,
    ):
        session.exchange(HttpRequest("PUT", "/?signature=secret", {}, b"body"))
    assert not raised.value.effect_unknown
    assert "secret" not in str(raised.value)
    assert there.heads == []
    return raised.value


def test_a_service_of_a_believed_authority_is_spoken_to_and_its_connection_kept(
    authority: Authority,
) -> None:
    with (
        service(for_ever(OK), tls=authority.serving()) as there,
        HttpSession(site_of(there, Tls(ca_bundle=authority.bundle))) as session,
    ):
        for _ in range(3):
            assert session.exchange(GET).body == b"ok"
        assert session.send(HttpRequest("PUT", "/"), 1 << 20, [bytes(1 << 20)]).done
        with session.open(GET) as stream:
            assert stream.read() == b"ok"

    assert there.connections == 1


def test_an_authority_that_is_not_believed_is_told(authority: Authority, tmp_path: Path) -> None:
    with service(for_ever(OK), tls=authority.serving()) as there:
        assert "certificate is not believed" in str(refused(there, Tls()))
        other = Authority.made(tmp_path / "other")
        assert "check the CA bundle" in str(refused(there, Tls(ca_bundle=other.bundle)))


def test_a_certificate_of_another_name_is_not_believed(authority: Authority) -> None:
    with service(for_ever(OK), tls=authority.serving(x509.DNSName("elsewhere"))) as there:
        refused(there, Tls(ca_bundle=authority.bundle))


def test_a_bundle_that_is_not_there_is_told(authority: Authority) -> None:
    with service(for_ever(OK), tls=authority.serving()) as there:
        assert "CA bundle" in str(refused(there, Tls(ca_bundle="/no/such/bundle.pem")))


def test_verification_is_off_only_when_it_was_switched_off(authority: Authority) -> None:
    with (
        service(for_ever(OK), tls=authority.serving()) as there,
        HttpSession(site_of(there, Tls(verify=False))) as session,
    ):
        assert session.exchange(GET).body == b"ok"


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_tls_below_1_2_is_not_spoken(authority: Authority) -> None:
    old = authority.serving()
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version = ssl.TLSVersion.TLSv1
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    with service(for_ever(OK), tls=old) as there:
        assert "TLS" in str(refused(there, Tls(ca_bundle=authority.bundle)))


def test_a_service_without_tls_is_not_spoken_to_as_if_it_had() -> None:
    def plain(caller: Caller) -> None:
        caller.socket.recv(1000)
        caller.say(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    with service(plain) as there:
        raised = refused(there, Tls())

    assert "TLS was not agreed on" in str(raised)


def test_a_service_that_wants_our_certificate_gets_it(authority: Authority) -> None:
    wanting = authority.serving()
    wanting.verify_mode = ssl.CERT_REQUIRED
    wanting.load_verify_locations(authority.bundle)
    mine = authority.issue("client", x509.DNSName("client"))
    with service(for_ever(OK), tls=wanting) as there:
        tls = Tls(ca_bundle=authority.bundle, certificate=mine)
        with HttpSession(site_of(there, tls)) as session:
            assert session.exchange(GET).body == b"ok"
        anonymous = Tls(ca_bundle=authority.bundle)
        with (
            HttpSession(site_of(there, anonymous)) as session,
            pytest.raises(OfferUnavailableError),
        ):
            session.exchange(GET)


def test_a_body_cut_without_a_farewell_is_not_whole(authority: Authority) -> None:
    def cut(caller: Caller) -> None:
        caller.request()
        caller.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n")

    with (
        service(cut, tls=authority.serving()) as there,
        HttpSession(site_of(there, Tls(ca_bundle=authority.bundle))) as session,
        pytest.raises(ConnectionLostError),
        session.open(GET) as stream,
    ):
        stream.read()


def test_a_child_says_no_farewell_on_its_parents_connection(authority: Authority) -> None:
    with (
        service(for_ever(OK), tls=authority.serving()) as there,
        HttpSession(site_of(there, Tls(ca_bundle=authority.bundle))) as session,
    ):
        session.exchange(GET)

        def child() -> None:
            assert session.exchange(GET).body == b"ok"
            session.close()

        in_child(child)
        assert session.exchange(GET).body == b"ok"

    assert there.connections == 2


def tunnelling(caller: Caller) -> None:
    """A proxy that opens a tunnel, with a head of its own, and passes on what comes."""
    target = caller.head().split()[1].decode("ascii")
    host, _, port = target.partition(":")
    caller.say(b"HTTP/1.1 200 Connection established\r\nX-Proxy: here\r\n\r\n")
    with socket.create_connection((host, int(port))) as there:

        def back() -> None:
            while data := there.recv(65536):
                caller.say(data)

        thread = threading.Thread(target=back)
        thread.start()
        with suppress(OSError):
            while data := caller.socket.recv(65536):
                there.sendall(data)
        there.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_through_a_tunnel_the_answer_is_the_services_and_not_the_proxys(
    authority: Authority,
) -> None:
    missing = b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno"
    with (
        service(tunnelling) as proxy,
        service(for_ever(missing), tls=authority.serving()) as there,
    ):
        site = Site(
            url=f"https://127.0.0.1:{there.port}",
            tls=Tls(ca_bundle=authority.bundle),
            proxy=proxy.url,
        )
        with HttpSession(site) as session:
            answer = session.open(GET).whole()
            again = session.exchange(GET)

    assert (answer.status, answer.body, "x-proxy" in answer.headers) == (404, b"no", False)
    assert again.status == 404
    assert proxy.requests == [f"CONNECT 127.0.0.1:{there.port}".encode()]
