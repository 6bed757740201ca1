"""FTP of the library, mended in two places: the certificate is checked, and a file is asked about.

As it is, the library accepts any certificate, and lists a whole folder to learn of one file.
"""

from __future__ import annotations

import ssl
from ftplib import FTP, FTP_TLS, error_perm

from fsspec.implementations.ftp import FTPFileSystem


class CheckedFtp(FTPFileSystem):  # type: ignore[misc]
    """An FTP service, over TLS with its certificate checked where that was asked for."""

    protocol = "coffre-ftp"

    def __init__(self, *args: object, **kwargs: object) -> None:
        """As the library's, with nothing remembered of what was listed."""
        super().__init__(*args, use_listings_cache=False, **kwargs)

    def _connect(self) -> None:
        if self.tls:
            secured = FTP_TLS(  # noqa: S321 - what the operator's URL asks for
                timeout=self.timeout,
                encoding=self.encoding,
                context=ssl.create_default_context(),
            )
            self.ftp: FTP = secured
            secured.connect(self.host, self.port)
            secured.login(*self.cred)
            secured.prot_p()
        else:
            self.ftp = FTP(  # noqa: S321 - what the operator's URL asks for
                timeout=self.timeout, encoding=self.encoding
            )
            self.ftp.connect(self.host, self.port)
            self.ftp.login(*self.cred)
        self._asks = "MLST" in _features(self.ftp)

    def info(self, path: str, **kwargs: object) -> dict[str, object]:
        """What the service says of one name, asked for alone where it can be."""
        wanted = self._strip_protocol(path)
        if not self._asks or wanted == "/":
            found: dict[str, object] = super().info(path, **kwargs)
            return found
        try:
            answer = self.ftp.sendcmd(f"MLST {wanted}")
        except error_perm as error:
            if str(error).startswith("550"):
                raise FileNotFoundError(wanted) from error
            raise
        facts = answer.splitlines()[1].strip().partition(" ")[0]
        told = dict(fact.lower().split("=", 1) for fact in facts.split(";") if "=" in fact)
        kind = "file" if told.get("type") == "file" else "directory"
        return {"name": wanted, "type": kind, "size": int(told.get("size", 0))}


def _features(ftp: FTP) -> str:
    try:
        return ftp.sendcmd("FEAT")
    except error_perm:
        return ""
