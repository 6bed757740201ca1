"""Papers: what is kept of a run of the conformance kit (page, certificate, badge); and keys."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from coffre.cli.errors import UsageError
from coffre.cli.keeping import check_writable, keep
from coffre.cli.output import Output
from coffre.cli.status import ExitStatus

if TYPE_CHECKING:
    from coffre.conformance import Report
    from coffre.seal import PrivateKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Papers:
    """The files that a run is to leave, and the key that signs one of them."""

    page: Path | None
    certificate: Path | None
    badge: Path | None
    key: PrivateKey | None
    narrowed: str
    """Why the run is not the whole of its profiles; empty when it is."""

    @classmethod
    def of(cls, args: Namespace) -> Self:
        """Read what was asked for, before anything is tried.

        Raises:
            UsageError: it cannot be written, or makes no sense.
            SealError: the key cannot be used, or there is no library for it.
        """
        _check(args)
        return cls(
            page=_path("--report", args.report),
            certificate=_path("--certificate", args.certificate),
            badge=_path("--badge", args.badge),
            key=_key(args),
            narrowed=f"Only these trials were asked for: {', '.join(args.only)}."
            if args.only
            else "",
        )

    @property
    def certifies(self) -> bool:
        """Whether a certificate or a badge was asked for."""
        return self.certificate is not None or self.badge is not None

    def keep_page(self, report: Report, out: Output) -> None:
        """Write the page for people, when it was asked for."""
        if self.page is not None:
            from coffre.conformance.html import html_page

            keep(self.page, html_page(report, narrowed=self.narrowed).encode())
            out.advice(f"report: {self.page}")

    def keep_certificate(self, report: Report, out: Output) -> None:
        """Write certificate and badge, when they were asked for; failures and all."""
        if self.certificate is not None and self.key is not None:
            from coffre.conformance.certificate import Certificate
            from coffre.contract import SYSTEM_CLOCK

            certificate = Certificate.of(
                report, issued=SYSTEM_CLOCK.now(), distribution=_distribution(report.driver)
            )
            keep(self.certificate, certificate.sealed(self.key))
            out.advice(
                f"certificate: {self.certificate}, which says {certificate.outcome}; to check it: "
                f"coffre verify {self.certificate} --key {self.key.public}"
            )
        if self.badge is not None:
            from coffre.conformance.badge import badge

            keep(self.badge, badge(report).encode())
            out.advice(f"badge: {self.badge}")


def make_key(args: Namespace, out: Output) -> ExitStatus:
    """Make a private key, tell its public half.

    Raises:
        UsageError: something else was asked for as well.
        SealError: it could not be made.
    """
    from coffre.seal import PrivateKey

    if args.driver is not None or args.url is not None:
        raise UsageError("--new-key makes a key, and goes alone")
    key = PrivateKey.make(Path(args.new_key))
    if out.as_json:
        out.result({"made": args.new_key, "public_key": str(key.public)}, "")
    else:
        out.result({}, f"made    {args.new_key}")
        out.result({}, f"public  {key.public}")
    out.advice(
        "keep the file to yourself; give the public key to whoever is to check what you sign, by "
        "another way than the certificate"
    )
    return ExitStatus.OK


def _check(args: Namespace) -> None:
    if args.certificate is not None and args.key is None:
        raise UsageError(
            "a certificate is signed: name your private key, --key FILE, or make one first: "
            "coffre conform --new-key FILE"
        )
    if args.key is not None and args.certificate is None:
        raise UsageError("--key signs a certificate: name where it goes, --certificate FILE")
    if args.only and (args.certificate is not None or args.badge is not None):
        raise UsageError(
            "certificates and badges are about whole profiles: leave --only out, or use --profile"
        )


def _path(option: str, name: str | None) -> Path | None:
    return None if name is None else check_writable(option, name)


def _key(args: Namespace) -> PrivateKey | None:
    if args.key is None:
        return None
    from coffre.seal import PrivateKey

    return PrivateKey.read(Path(args.key))


def _distribution(driver: str) -> str:
    """Package that brought a driver, with its version."""
    from coffre.manager import installed_drivers

    found = [one for one in installed_drivers() if one.name == driver]
    return f"{found[0].distribution} {found[0].version}" if found else ""
