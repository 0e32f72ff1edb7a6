"""Certificates as servers have them, good ones and others, of an authority that only a test trusts."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

HERE = "subjectAltName=IP:127.0.0.1"
_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
_AUTHORITY = "basicConstraints=critical,CA:TRUE"


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, *_arguments: object) -> None:
        """Says nothing."""


@dataclass(frozen=True)
class Authority:
    """An authority in a folder: `issue("soon", days=5)`; what trusts it is `trust`."""

    folder: Path

    @classmethod
    def made(cls, folder: Path) -> Authority:
        authority = cls(folder)
        authority.self_signed("root", _AUTHORITY)
        return authority

    @property
    def trust(self) -> ssl.SSLContext:
        """A context that knows this authority alone."""
        return ssl.create_default_context(cafile=str(self.folder / "root.pem"))

    def self_signed(self, name: str, extension: str = HERE) -> None:
        """A certificate that nobody else signed."""
        made = ("req", "-x509", *_KEY, "-days", "90", "-subj", f"/CN={name}", "-addext", extension)
        self._openssl(*made, "-keyout", f"{name}.key", "-out", f"{name}.pem")

    def issue(self, name: str, extension: str = HERE, *, days: int = 90, by: str = "root") -> None:
        """A certificate of this authority, or of one that it signed; -1 days are over."""
        self._openssl("req", *_KEY, "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        (self.folder / "extension").write_text(extension)
        signer = ("-CA", f"{by}.pem", "-CAkey", f"{by}.key", "-CAcreateserial", "-extfile", "extension")
        self._openssl("x509", "-req", "-in", f"{name}.csr", *signer, "-days", str(days), "-out", f"{name}.pem")

    def issue_authority(self, name: str) -> None:
        """An intermediate authority."""
        self.issue(name, _AUTHORITY)

    @contextmanager
    def serving(self, name: str | None) -> Iterator[str]:
        """An https server with a certificate, or one that speaks http at an https URL; its URL."""
        with ThreadingHTTPServer(("127.0.0.1", 0), _Page) as server:
            server.daemon_threads = True
            if name is not None:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(self.folder / f"{name}.pem", self.folder / f"{name}.key")
                server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
            thread.start()
            yield f"https://127.0.0.1:{server.server_port}/hook"
            server.shutdown()
            thread.join()

    def _openssl(self, *arguments: str) -> None:
        openssl = shutil.which("openssl") or pytest.skip("no openssl on the PATH")
        subprocess.run([openssl, *arguments], check=True, capture_output=True, cwd=self.folder)
