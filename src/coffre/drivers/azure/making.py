"""Containers: that of the offer is made on purpose; those of objects by the first put."""

from __future__ import annotations

from collections.abc import Mapping

from coffre.contract import ConnectionParameters, OfferUnavailableError, PrepareResult
from coffre.drivers.azure.credentials import Tokens, credential_of
from coffre.drivers.azure.errors import code_of
from coffre.drivers.azure.naming import Layout
from coffre.drivers.azure.service import Service, unseen
from coffre.drivers.azure.settings import Settings
from coffre.http import HttpAnswer

_CONTAINER = (("restype", "container"),)
_NAME = "x-ms-meta-coffre_container"
_NO_RIGHT = frozenset(
    {
        "AuthorizationFailure",
        "AuthorizationPermissionMismatch",
        "AuthorizationResourceTypeMismatch",
        "AuthorizationServiceMismatch",
    }
)
_IMMUTABLE = "x-ms-immutable-storage-with-versioning-enabled"


def make_container(service: Service, name: str, headers: Mapping[str, str]) -> bool:
    """Make a container; whether it was not there before."""
    with unseen():
        answer = service.ask("PUT", f"/{name}", _CONTAINER, headers, b"")
        if code_of(answer) == "ContainerAlreadyExists":
            return False
        if not answer.done:
            raise service.refused(answer, None, changing=True)
    return True


def make_space(service: Service, layout: Layout, tenant: int, container: str) -> None:
    """Make the container for the objects of a container, in the layout *each*."""
    name = layout.space_of(tenant, container).container
    make_container(service, name, {_NAME: container})


def find_offer(service: Service, layout: Layout) -> bool:
    """Look for the offer; whether single blobs in it can be made immutable.

    Raises:
        OfferUnavailableError: the service cannot be reached, or its container is not there.
        ForbiddenError: the credential is not accepted.
    """
    answer = service.ask("HEAD", f"/{layout.container}", _CONTAINER)
    if code_of(answer) in _NO_RIGHT:
        # A signature for one container may list it, and may not ask about it.
        answer = _listed(service, layout)
    if code_of(answer) == "ContainerNotFound":
        raise OfferUnavailableError(
            f"there is no container {layout.container!r}; a new offer is prepared first"
        )
    if not answer.done:
        raise service.refused(answer, None, changing=False)
    return answer.headers.get(_IMMUTABLE, "").lower() == "true"


def _listed(service: Service, layout: Layout) -> HttpAnswer:
    query = (*_CONTAINER, ("comp", "list"), ("maxresults", "1"))
    return service.ask("GET", f"/{layout.container}", query)


def prepare(parameters: ConnectionParameters, tokens: Tokens | None = None) -> PrepareResult:
    """Make the container of an offer; one that is there stays as it is."""
    settings = Settings.of(parameters)
    service = Service(settings, credential_of(settings, tokens))
    try:
        made = make_container(service, settings.container, {})
    finally:
        service.close()
    return PrepareResult(place=f"{settings.site.root}/{settings.container}", made=made)
