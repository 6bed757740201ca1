"""Offers that are containers of block blobs in an Azure Storage account.

**Layout.** Everything in one container, under ``tenant/container/identifier``, or one container
for each tenant and container (``naming``). The bytes of a blob are those of the object and
nothing else; digest, size and metadata are headers of the blob (``records``), so any program can
read the archive without coffre.

**Guarantees.** One request makes an object visible, whole: *Put Blob*, or *Put Block List* after
its blocks. Every body goes with an MD5 that the service checks before it keeps a byte; the MD5 of
a whole blob, which the service stores unlooked at, is never believed. Objects are created under
``If-None-Match: *`` at any size, and replaced in one step. A put that fails leaves blocks that
nobody sees, and that the service lets vanish within a week.

**Not claimed.** A digest of what is held: the service computes none over a whole object, so an
audit reads. Room left: an account tells none. Retention: only where the container has
version-level immutability switched on, which the service is asked at each connection.

**Archive tier.** Reading is refused with ``NotReadyError`` until access was asked for.

Parameters:
    url: ``https://account.blob.core.windows.net``; an emulator's with the account in its path.
    others: see :data:`~coffre.drivers.azure.settings.PARAMETERS`.
"""

from coffre.drivers.azure.driver import AzureDriver

__all__ = ["AzureDriver"]
