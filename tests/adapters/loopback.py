"""A server on loopback that answers with bytes that a test chooses, whole or broken; with TLS where it is asked for."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

Act = Callable[[socket.socket, bytes], None]
"""What is done with one connection, given the request that came."""


def answering(raw: bytes) -> Act:
    """Sends these bytes and closes."""
    return lambda connection, _request: connection.sendall(raw)


def resetting(connection: socket.socket, _request: bytes) -> None:
    """Ends the connection without a word, as a server that dies does."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def silent(connection: socket.socket, _request: bytes) -> None:
    """Says nothing until the client goes."""
    with suppress(OSError):
        connection.recv(1)


class Loopback:
    """`requests`: what came, head and body. Each connection serves one request, the n-th by the n-th act (the last one
    for all further ones)."""

    def __init__(self, acts: tuple[Act, ...], tls: ssl.SSLContext | None) -> None:
        self.requests: list[bytes] = []
        self._acts, self._tls = acts, tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        number = 0
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with suppress(OSError), connection:
                connection.settimeout(10)
                served = self._tls.wrap_socket(connection, server_side=True) if self._tls else connection
                with served:
                    if request := _request(served):
                        self.requests.append(request)
                        self._acts[min(number, len(self._acts) - 1)](served, request)
                        number += 1

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)


def _request(connection: socket.socket) -> bytes:
    """Head and body, as far as `Content-Length` says."""
    read = b""
    while b"\r\n\r\n" not in read:
        part = connection.recv(65_536)
        if not part:
            return read
        read += part
        if read.startswith(b"\x16"):  # TLS, which this server does not speak
            return read
    head, _, body = read.partition(b"\r\n\r\n")
    length = next((int(h[15:]) for h in head.split(b"\r\n") if h.lower().startswith(b"content-length:")), 0)
    while len(body) < length:
        body += connection.recv(65_536)
    return head + b"\r\n\r\n" + body


@contextmanager
def loopback(*acts: Act, tls: ssl.SSLContext | None = None) -> Iterator[Loopback]:
    server = Loopback(acts, tls)
    try:
        yield server
    finally:
        server.close()


def self_signed(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """What a server of that certificate needs, and the certificate's file."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    shown, hidden = folder / "authority.pem", folder / "key.pem"
    shown.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    hidden.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(shown, hidden)
    return context, shown
