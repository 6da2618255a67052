"""Certificates made on the spot with OpenSSL's program, for tests of TLS."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Certificate:
    """A server's certificate that is its own authority."""

    file: Path
    """What a client has to trust."""
    folder: Path
    """The same as a folder of certificates, named as OpenSSL looks for them."""
    server: ssl.SSLContext


def certificate(folder: Path, *names: str) -> Certificate:
    """A certificate for the hosts `names` and 127.0.0.1. Skips the test where there is no `openssl`."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("needs the program openssl")
    file, key = folder / "certificate.pem", folder / "key.pem"
    hosts = ",".join(["IP:127.0.0.1", "DNS:localhost", *(f"DNS:{name}" for name in names)])
    subprocess.run(
        [
            program, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj", "/CN=tests", "-addext", f"subjectAltName={hosts}", "-keyout", str(key), "-out", str(file),
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    named = subprocess.run(
        [program, "x509", "-hash", "-noout", "-in", str(file)], check=True, capture_output=True, text=True
    )
    trusted = folder / "trusted"
    trusted.mkdir()
    shutil.copy(file, trusted / f"{named.stdout.strip()}.0")
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file, key)
    return Certificate(file, trusted, server)
