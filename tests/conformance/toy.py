"""A service on a network, as small as can be, and its driver: what the kit's bad network is for.

Frames of a length and bytes; a request is one frame of JSON, a put is followed by frames of its
bytes and an empty one, an answer is a frame of JSON and a frame of bytes. The service keeps its
objects in a memory offer, asks for a password, and can be stopped.
"""

from __future__ import annotations

import json
import socket
import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from coffre.contract import (
    Buffer,
    Capability,
    CapacityRequest,
    CapacityResult,
    CoffreError,
    Connection,
    ConnectionLostError,
    ConnectionParameters,
    DeleteRequest,
    DeleteResult,
    Digest,
    Driver,
    Evidence,
    ForbiddenError,
    GetRequest,
    GetResult,
    ListEntry,
    Listing,
    ListRequest,
    ObjectConflictError,
    ObjectNotFoundError,
    ObjectRef,
    OfferTimeoutError,
    OfferUnavailableError,
    Parameter,
    PutRequest,
    PutResult,
    Secret,
    StatRequest,
    StatResult,
    Version,
    refuse_unsupported,
)
from coffre.streams import BytesContent, check_received, copy_digesting
from coffre.testing import Held, MemoryOffer

ABORT = 0xFFFFFFFF
ERRORS = {error.code: error for error in (ObjectNotFoundError, ObjectConflictError, ForbiddenError)}
Asked = dict[str, Any]
PATIENCE = 0.4
"""Seconds of silence after which the driver gives up: a test must not take long."""


def send(sock: socket.socket, payload: bytes | None) -> None:
    """A frame; ``None`` gives up what was begun."""
    length = ABORT if payload is None else len(payload)
    sock.sendall(struct.pack(">I", length) + (payload or b""))


def receive(sock: socket.socket) -> bytes | None:
    """The next frame; ``None`` when the other end gave up."""
    (length,) = struct.unpack(">I", exactly(sock, 4))
    return None if length == ABORT else exactly(sock, length)


def exactly(sock: socket.socket, length: int) -> bytes:
    data = bytearray()
    while len(data) < length:
        piece = sock.recv(min(length - len(data), 1 << 16))
        if not piece:
            raise ConnectionResetError("closed in the middle")
        data += piece
    return bytes(data)


# --- the service ---------------------------------------------------------------------------------


class Service:
    """The service, on a port of its own; ``stop`` and ``start`` keep what it holds."""

    def __init__(self, password: str) -> None:
        self.password = password
        self.offer = MemoryOffer("memory://toy")
        self.port = 0
        self._server: Server | None = None
        self.start()

    def start(self) -> None:
        self._server = Server(("127.0.0.1", self.port), self)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.005,), daemon=True).start()

    def stop(self) -> None:
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()
        for sock in self._server.open:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], service: Service) -> None:
        self.service = service
        self.open: list[socket.socket] = []
        super().__init__(address, Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that is gone is nobody's fault."""


class Handler(socketserver.BaseRequestHandler):
    server: Server

    def handle(self) -> None:
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.server.open.append(self.request)
        try:
            while True:
                asked = json.loads(receive(self.request) or b"null")
                head, body = self.answer(asked)
                send(self.request, json.dumps(head).encode())
                send(self.request, body)
        finally:
            self.server.open.remove(self.request)

    def answer(self, asked: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        offer, ref = self.server.service.offer, None
        if asked["password"] != self.server.service.password:
            return {"error": "forbidden"}, b""
        if "ref" in asked:
            ref = ObjectRef.parse(asked["ref"])
        try:
            return getattr(self, asked["op"])(offer, ref, asked)  # type: ignore[no-any-return]
        except CoffreError as error:
            return {"error": error.code}, b""

    def hello(self, *_: object) -> tuple[dict[str, Any], bytes]:
        return {}, b""

    def put(self, offer: MemoryOffer, ref: ObjectRef, asked: Asked) -> tuple[dict[str, Any], bytes]:
        pieces = []
        while piece := receive(self.request):
            pieces.append(piece)
        if piece is None:
            return {"error": "aborted"}, b""
        new = (receive(self.request) or b"").decode()
        data = b"".join(pieces)
        digest = Digest.parse(new)
        if not digest.algorithm.of(data).matches(digest):
            return {"error": "spoilt"}, b""
        held = Held(
            data=data, recorded=digest, recorded_size=len(data), stored_at=offer.clock.now()
        )
        written = offer.publish(ref, held, replacing=asked["replace"], quota=None)
        return {"written": written}, b""

    def get(self, offer: MemoryOffer, ref: ObjectRef, _: object) -> tuple[dict[str, Any], bytes]:
        return {}, offer.held(ref).data

    def stat(self, offer: MemoryOffer, ref: ObjectRef, _: object) -> tuple[dict[str, Any], bytes]:
        return {"size": len(offer.held(ref).data)}, b""

    def delete(self, offer: MemoryOffer, ref: ObjectRef, _: object) -> tuple[dict[str, Any], bytes]:
        return {"existed": offer.delete(ref)}, b""

    def list(self, offer: MemoryOffer, _: object, asked: Asked) -> tuple[dict[str, Any], bytes]:
        sizes = offer.sizes(asked["tenant"], asked["container"])
        return {}, json.dumps(sorted(sizes.items())).encode()


# --- the driver ----------------------------------------------------------------------------------


class ToyConnection(Connection):
    capabilities = frozenset({Capability.REPLACE, Capability.CREATE_ONLY})

    def __init__(self, parameters: ConnectionParameters) -> None:
        super().__init__(parameters)
        host, _, port = parameters.url.removeprefix("toy://").rpartition(":")
        self._lost = False
        try:
            self._sock = socket.create_connection((host, int(port)), timeout=PATIENCE)
            self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            raise OfferUnavailableError(f"{parameters.url}: {error}") from error
        try:
            self._ask("hello")
        except BaseException:
            self.close()
            raise

    @contextmanager
    def _session(self) -> Iterator[None]:
        if self._lost:
            raise ConnectionLostError("the session has ended", effect_unknown=False)
        try:
            yield
        except CoffreError:  # some of them are an OSError as well
            raise
        except OSError as error:
            self.close()
            kind = OfferTimeoutError if isinstance(error, TimeoutError) else ConnectionLostError
            raise kind(f"{self.parameters.url}: {error}") from error

    def _ask(self, op: str, ref: ObjectRef | None = None, **more: object) -> tuple[Any, bytes]:
        with self._session():
            self._send(op, ref, **more)
            return self._answer(ref)

    def _send(self, op: str, ref: ObjectRef | None, **more: object) -> None:
        asked = {"op": op, "password": self.parameters.text("password"), **more}
        if ref is not None:
            asked["ref"] = str(ref)
        send(self._sock, json.dumps(asked).encode())

    def _answer(self, ref: ObjectRef | None) -> tuple[Any, bytes]:
        try:
            head = json.loads(receive(self._sock) or b"{}")
        except ValueError as error:
            raise ConnectionResetError("the answer is not JSON") from error
        body = receive(self._sock) or b""
        if "error" not in head:
            return head, body
        kind = ERRORS.get(head["error"], ConnectionLostError)
        raise kind(f"the service says: {head['error']}", ref=ref)

    def put(self, request: PutRequest) -> PutResult:
        refuse_unsupported(request, self.capabilities)
        with request.content.open() as stream:
            with self._session():
                self._send("put", request.ref, replace=request.replace)
            try:
                copied = copy_digesting(
                    stream, self._piece, request.algorithm, at_most=request.size
                )
                check_received(request, copied)
            except BaseException:
                self._give_up()
                raise
        with self._session():
            send(self._sock, b"")
            send(self._sock, str(copied.digest).encode())
            head, _ = self._answer(request.ref)
        return PutResult(
            size=copied.size,
            digest=copied.digest,
            evidence=Evidence.REPORTED,
            already_there=not head["written"],
        )

    def _piece(self, data: Buffer) -> None:
        with self._session():  # here, and not around the copy: the source has errors of its own
            for at in range(0, len(data), 1 << 16):
                send(self._sock, bytes(data[at : at + (1 << 16)]))

    def _give_up(self) -> None:
        if not self._lost:
            with self._session():
                send(self._sock, None)
                receive(self._sock)
                receive(self._sock)

    def get(self, request: GetRequest) -> GetResult:
        refuse_unsupported(request, self.capabilities)
        _, body = self._ask("get", request.ref)
        return GetResult(stream=BytesContent(body).open(), size=len(body))

    def stat(self, request: StatRequest) -> StatResult:
        refuse_unsupported(request, self.capabilities)
        head, _ = self._ask("stat", request.ref)
        return StatResult(size=head["size"], evidence=Evidence.PRESENT)

    def delete(self, request: DeleteRequest) -> DeleteResult:
        head, _ = self._ask("delete", request.ref)
        return DeleteResult(existed=head["existed"])

    def list(self, request: ListRequest) -> Listing:
        _, body = self._ask("list", tenant=request.tenant, container=request.container)
        entries = (
            ListEntry(identifier=name, size=size)
            for name, size in json.loads(body)
            if name.startswith(request.prefix) and (request.after is None or name > request.after)
        )
        return Listing(entries, limit=request.limit)

    def capacity(self, request: CapacityRequest) -> CapacityResult:
        self._ask("hello")
        return CapacityResult()

    def close(self) -> None:
        self._lost = True
        self._sock.close()


class ToyDriver(Driver):
    """Objects in a toy service."""

    name = "toy"
    version = Version(1, 0)
    contract = Version(1, 0)
    parameters = (
        Parameter(name="password", help="What the service asks for.", type=Secret),
        Parameter(name="user", help="Who is asking; changes nothing but the session."),
    )
    capabilities = ToyConnection.capabilities

    def connect(self, parameters: ConnectionParameters) -> ToyConnection:
        return ToyConnection(parameters)

    def is_available(self, parameters: ConnectionParameters) -> bool:
        try:
            self.connect(parameters).close()
        except CoffreError:
            return False
        return True
