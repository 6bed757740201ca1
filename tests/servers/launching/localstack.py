"""LocalStack's S3, without a container: an emulator, with the semantics of AWS.

It knows every checksum, conditional writes, object lock and cold classes. It checks neither
signatures nor policies, and proves nothing about races.
"""

from __future__ import annotations

from collections.abc import Mapping

from tests.servers.launching.place import HOST, Place, free_port
from tests.servers.launching.server import Server
from tests.servers.launching.tools import Tools

REQUIREMENTS = (
    "localstack-core[base-runtime]==4.9.2",
    # What it uses has gone from the newer ones.
    "cbor2<5.8",
    "pyopenssl<25.2",
    "cryptography<46",
    "psutil<7",
    "service_identity",
)


class LocalStack(Server):
    """The emulator, for what no real service that can be had here knows."""

    name = "LOCALSTACK"
    what = "LocalStack S3"

    def install(self, tools: Tools) -> None:
        tools.environment("localstack", *REQUIREMENTS)

    def start(self, place: Place) -> Mapping[str, str]:
        address = f"{HOST}:{free_port()}"
        environment = {
            "SERVICES": "s3",
            "STRICT_SERVICE_LOADING": "1",
            "EAGER_SERVICE_LOADING": "1",
            # Its usual server listens on every interface; this one where it is told.
            "GATEWAY_SERVER": "hypercorn",
            "GATEWAY_LISTEN": address,
            "LOCALSTACK_HOST": address,
            "USE_SSL": "0",
            "DNS_ADDRESS": "0",
            "DISABLE_EVENTS": "1",
            "SKIP_SSL_CERT_DOWNLOAD": "1",
            "ACTIVATE_PRO": "0",
            "LOCALSTACK_VOLUME_DIR": str(place.data),
            "TMPDIR": str(place.data),
            "HOME": str(place.data),
        }
        python = place.tools.program("localstack", "python")
        command = (python, "-m", "localstack.runtime.main")
        place.processes.spawn(
            command, name="localstack", environment=environment, directory=place.directory
        )
        place.wait_for_page(f"http://{address}/_localstack/health")
        return {
            "S3_ENDPOINT": f"http://{address}",
            "S3_ACCESS_KEY": "test",
            "S3_SECRET_KEY": "test",
            "S3_REGION": "us-east-1",
        }
