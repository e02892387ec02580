"""A receiver of webhooks on the loopback address: TLS by a CA of the test's own, and answers byte by byte as a script has them."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NAME = "hooks.example.org"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

Script = Callable[[socket.socket], None]


def _key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


class Authority:
    """A CA, and certificates by it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = _key()
        self._certificate = self._signed("a CA of a test", self._key, ca=True)
        self.file = folder / "ca.pem"
        self.file.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))

    def _signed(self, name: str, key: ec.EllipticCurvePrivateKey, *, ca: bool) -> x509.Certificate:
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(_named(name))
            .issuer_name(_named("a CA of a test"))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        if not ca:
            made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        return made.sign(self._key, hashes.SHA256())

    def server(self, name: str) -> ssl.SSLContext:
        """What a server of that name shows."""
        key = _key()
        file = self._folder / f"{name}.pem"
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        file.write_bytes(private + self._signed(name, key, ca=False).public_bytes(serialization.Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    def client(self) -> ssl.SSLContext:
        """What trusts this CA and no other."""
        return ssl.create_default_context(cafile=str(self.file))


def _received(line: socket.socket) -> bytes:
    """What came next; raises OSError at the end. (To read on there would keep a processor busy for the rest of the run.)"""
    if not (found := line.recv(65536)):
        raise ConnectionResetError
    return found


class Server:
    """One listener; each connection is answered by the script, after its request was read."""

    def __init__(self, context: ssl.SSLContext | None, script: Script) -> None:
        self._context = context
        self._script = script
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.requests: list[bytes] = []
        self.names: list[str | None] = []
        self.connections = 0
        if context is not None:
            context.sni_callback = lambda _, name, __: self.names.append(name)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            with suppress(OSError), line:
                line.settimeout(10)
                self._answer(
                    line if self._context is None else self._context.wrap_socket(line, server_side=True)
                )

    def _answer(self, line: socket.socket) -> None:
        with line:
            heard = b""
            while b"\r\n\r\n" not in heard:
                heard += _received(line)
            head, _, body = heard.partition(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
            while len(body) < length:
                body += _received(line)
            self.requests.append(head + b"\r\n\r\n" + body)
            self._script(line)

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)


@contextmanager
def serving(
    context: ssl.SSLContext | None, script: Script = lambda line: line.sendall(OK)
) -> Iterator[Server]:
    """A server for a while."""
    server = Server(context, script)
    try:
        yield server
    finally:
        server.close()
