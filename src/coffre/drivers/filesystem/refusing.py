"""What a directory cannot honour: refused before the content is opened, never ignored."""

from __future__ import annotations

from coffre.contract import PutRequest, UnsupportedOperationError


def refuse_retention(request: PutRequest) -> None:
    """Refuse to retain: whoever may write into a directory may delete from it.

    Raises:
        UnsupportedOperationError: the request wants its object retained.
    """
    if request.retain_until is not None:
        raise UnsupportedOperationError(
            "PutRequest.retain_until needs the capability 'retention', which a directory cannot "
            "have; nothing was stored",
            ref=request.ref,
        )
