"""`creditctl events listen` to a backend with a certificate of a local authority."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from creditctl.cli.local.local_stack import LocalStack
from tests.support.event_world import bought, spoken


class Taking(BaseHTTPRequestHandler):
    """Takes every delivery."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        del format, args


@pytest.fixture
def secured(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A backend with a certificate that nobody knows: its URL, and the certificate."""
    openssl = shutil.which("openssl") or pytest.skip("no openssl on the PATH")
    certificate, key = tmp_path / "local.pem", tmp_path / "local.key"
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    made = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject]
    subprocess.run([*made, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Taking)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"https://127.0.0.1:{server.server_port}/hook", certificate
    server.shutdown()
    server.server_close()


def test_a_local_certificate_is_trusted_by_option_and_by_ssl_cert_file_in_environment_or_env_file(
    world: LocalStack, secured: tuple[str, Path]
) -> None:
    url, certificate = secured
    listen = ("events", "listen", "--forward-to", url, "--once", "--tries", "1")
    spoken(world, *listen)
    bought(world, "wim")
    code, out, err = spoken(world, *listen)
    assert (code, "CERTIFICATE_VERIFY_FAILED" in out + err) == (5, True)
    assert "The certificate is self-signed." in err
    assert "SSL_CERT_FILE" in err
    assert "Start the backend" not in err, "it runs"

    code, out, _ = spoken(world, *listen, "--ca-file", str(certificate))
    assert (code, "[200] POST" in out) == (0, True)
    bought(world, "ada")
    code, out, _ = spoken(world, *listen, environ={"SSL_CERT_FILE": str(certificate)})
    assert (code, "[200] POST" in out) == (0, True)
    bought(world, "eve")
    with (world.folder / ".env").open("a") as settings:
        settings.write(f"SSL_CERT_FILE={certificate}\n")
    code, out, _ = spoken(world, *listen)
    assert (code, "[200] POST" in out) == (0, True)


def test_a_file_without_certificates_is_refused(world: LocalStack, secured: tuple[str, Path], tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing")
    for name in (empty, tmp_path / "missing.pem"):
        code, _, err = spoken(world, "events", "listen", "--forward-to", secured[0], "--once", "--ca-file", str(name))
        assert (code, "PEM file" in err) == (3, True)
