"""What libcurl is told once for all requests of a site: everything that could surprise is off."""

from __future__ import annotations

import os
import ssl

import pycurl

from coffre.http.site import Site, Tls

BURST = 64 * 1024
"""Bytes libcurl reads at a time; one turn of the loop brings up to 22 times as much."""
UPLOAD = 2 * 1024 * 1024
"""Bytes of body libcurl asks for at a time, at most; a lent buffer of 1 MiB leaves in one piece."""


def prepare(easy: pycurl.Curl, site: Site) -> None:
    """Set a handle up: HTTP/1.1, no redirect, no environment, no signal, no credentials file."""
    for option, value in (
        (pycurl.NOSIGNAL, 1),
        (pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1),
        (pycurl.HTTP09_ALLOWED, 0),
        (pycurl.FOLLOWLOCATION, 0),
        (pycurl.PATH_AS_IS, 1),
        (pycurl.NETRC, pycurl.NETRC_IGNORED),
        (pycurl.TCP_NODELAY, 1),
        (pycurl.TCP_KEEPALIVE, 1),
        (pycurl.BUFFERSIZE, BURST),
        (pycurl.UPLOAD_BUFFERSIZE, UPLOAD),
        (pycurl.CONNECTTIMEOUT_MS, max(1, round(site.connect_timeout * 1000))),
        (pycurl.USERAGENT, ""),
    ):
        easy.setopt(option, value)
    _prepare_proxy(easy, site)
    if site.secure:
        _prepare_tls(easy, site.tls)


def _prepare_proxy(easy: pycurl.Curl, site: Site) -> None:
    if site.proxy is not None:
        easy.setopt(pycurl.PROXY, site.proxy)
        easy.setopt(pycurl.NOPROXY, "")
    elif not site.proxy_from_environment:
        easy.setopt(pycurl.PROXY, "")
        easy.setopt(pycurl.NOPROXY, "*")


def _prepare_tls(easy: pycurl.Curl, tls: Tls) -> None:
    easy.setopt(pycurl.SSLVERSION, pycurl.SSLVERSION_TLSv1_2)
    easy.setopt(pycurl.SSL_VERIFYPEER, 1 if tls.verify else 0)
    easy.setopt(pycurl.SSL_VERIFYHOST, 2 if tls.verify else 0)
    _prepare_authorities(easy, tls)
    if tls.certificate is not None:
        easy.setopt(pycurl.SSLCERT, tls.certificate)
        easy.setopt(pycurl.SSLKEY, tls.key or tls.certificate)


def _prepare_authorities(easy: pycurl.Curl, tls: Tls) -> None:
    # The libcurl of a wheel was built on another system: it does not know where ours keeps them.
    system = ssl.get_default_verify_paths()
    if tls.ca_bundle is not None:
        easy.setopt(pycurl.CAINFO, tls.ca_bundle)
        easy.setopt(pycurl.CAPATH, os.devnull)
        return
    if system.cafile is not None:
        easy.setopt(pycurl.CAINFO, system.cafile)
    if system.capath is not None:
        easy.setopt(pycurl.CAPATH, system.capath)
