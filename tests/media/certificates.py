"""Certificates for servers of tests, each its own authority."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from pathlib import Path

from tests.prerequisites import missing


def made(folder: Path, *names: str) -> tuple[Path, ssl.SSLContext]:
    """The file of a certificate for some names, such as ``DNS:a.test``, and its server's side."""
    program = shutil.which("openssl") or missing("this test needs openssl")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    new = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=public"
    of = ["-addext", f"subjectAltName={','.join(names)}"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([program, *new.split(), *of, *files], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return certificate, context
