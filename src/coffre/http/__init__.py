"""HTTP/1.1 for drivers: one lean core over libcurl, shared by every service that speaks it.

A :class:`Site` says where and how; an :class:`HttpSession` keeps one connection to it. Nothing is
sent twice, no redirect is followed, nothing is verified less than asked: whatever the service
answers is the driver's to judge, and whatever kept it from answering is an error of the contract.
"""

from coffre.http.answering import Headers, HttpAnswer
from coffre.http.asking import HttpRequest
from coffre.http.clear import PLAIN, refuse_in_clear
from coffre.http.library import require_pycurl
from coffre.http.patience import retry_after
from coffre.http.receiving import HttpStream
from coffre.http.session import HttpSession
from coffre.http.site import Site, Tls

__all__ = [
    "PLAIN",
    "Headers",
    "HttpAnswer",
    "HttpRequest",
    "HttpSession",
    "HttpStream",
    "Site",
    "Tls",
    "refuse_in_clear",
    "require_pycurl",
    "retry_after",
]
