"""Which PBX a client trusts: no server, another one than it was told, or one with a certificate of its own."""

from __future__ import annotations

import base64
import ssl
import threading
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from campaignops.errors import PbxError
from campaignops.pbx.address import Address
from campaignops.pbx.client import Client
from tests.test_pbx_client import ID, LIST, SECRET, a_closed_port

# For 127.0.0.1 alone, valid until 2120, made for these tests and used for nothing else.
CERTIFICATE = """
MIIBezCCASCgAwIBAgIBATAKBggqhkjOPQQDAjAbMRkwFwYDVQQDDBBjYW1wYWlnbm9wcyB0ZXN0MCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAx
MDAwMDAwWjAbMRkwFwYDVQQDDBBjYW1wYWlnbm9wcyB0ZXN0MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAECJqy7Mp9Xyvh2ovl0uw0ESU8DzOT
iHlZkWh6JlUlh+nlZUFDCBcGlQAXZCloyBdPivV3OzteNv6VTk/5lL4UfqNTMFEwDwYDVR0TAQH/BAUwAwEB/zAdBgNVHQ4EFgQUWvoBiwtJr1vF
NehstCXDNcW7HzAwDgYDVR0PAQH/BAQDAgKEMA8GA1UdEQQIMAaHBH8AAAEwCgYIKoZIzj0EAwIDSQAwRgIhALWdVAH6XjSsBcSjoZg5CjhIC8HK
cHhKKPYxrhOcNVcQAiEA/jsYY+4AL5xWiAL8niu7wOsb9utBTsWfHsgUseurcnc=
"""
KEY = """
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQggblm27kOAU82rKC8LJDxfraLUm79P9WR73vKYH024y+hRANCAAQImrLsyn1fK+Ha
i+XS7DQRJTwPM5OIeVmRaHomVSWH6eVlQUMIFwaVABdkKWjIF0+K9Xc7O142/pVOT/mUvhR+
"""


def pem(kind: str, text: str) -> str:
    return f"-----BEGIN {kind}-----\n{text.strip()}\n-----END {kind}-----\n"


@pytest.fixture(scope="module")
def tls(tmp_path_factory):
    """The port of a PBX that speaks TLS, its certificate as a file, and the requests that reached it."""
    folder = tmp_path_factory.mktemp("tls")
    certificate, both = folder / "pbx.pem", folder / "both.pem"
    certificate.write_text(pem("CERTIFICATE", CERTIFICATE))
    both.write_text(pem("CERTIFICATE", CERTIFICATE) + pem("PRIVATE" + " KEY", KEY))
    reached: list[str] = []

    class Pbx(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            reached.append(self.path)
            body = b'{"errcode": 0, "access_token": "Tk1canary", "refresh_token": "R"}'
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST

        def log_message(self, *_: object) -> None:
            pass

    class Server(HTTPServer):
        def handle_error(self, *_: object) -> None:
            """A client that does not trust us hangs up."""

    server = Server(("127.0.0.1", 0), Pbx)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server.server_address[1], certificate, reached
    server.shutdown()
    server.server_close()
    thread.join()


def over_tls(port: int, host: str = "127.0.0.1", **trust: Any) -> Client:
    address = Address(f"https://{host}:{port}", timeout_s=5, **trust)
    return Client(address, ID, SECRET, sleep=lambda _: None)


def fingerprint() -> str:
    return "sha256:" + sha256(base64.b64decode(CERTIFICATE)).hexdigest()


def test_a_certificate_that_nobody_vouches_for_is_not_accepted_and_nothing_is_sent(tls):
    port, _, reached = tls
    reached.clear()
    with pytest.raises(PbxError, match=r"certificate not accepted: .*`pbx\.ca_file` and `pbx\.fingerprint`"):
        over_tls(port).read(LIST)
    assert reached == []


def test_a_private_authority_is_trusted_through_ca_file(tls):
    port, certificate, reached = tls
    reached.clear()
    over_tls(port, ca_file=str(certificate)).read(LIST)
    assert len(reached) == 2


def test_a_private_authority_does_not_vouch_for_another_host(tls):
    port, certificate, reached = tls
    reached.clear()
    with pytest.raises(PbxError, match="certificate not accepted: Hostname mismatch"):
        over_tls(port, "localhost", ca_file=str(certificate)).read(LIST)
    assert reached == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize("shape", [str, str.upper])
def test_a_pinned_certificate_is_trusted_whatever_the_host_is_called(tls, host, shape):
    port, _, _ = tls
    pin = fingerprint()
    assert over_tls(port, host, fingerprint="sha256:" + shape(pin[7:])).read(LIST)["errcode"] == 0


def test_another_certificate_than_the_pinned_one_ends_the_run_before_anything_is_sent(tls):
    port, _, reached = tls
    reached.clear()
    with pytest.raises(PbxError, match="shows another certificate") as refused:
        over_tls(port, fingerprint="sha256:" + "0" * 64)
    assert fingerprint() in refused.value.message
    assert reached == []


@pytest.mark.parametrize("host", ["127.0.0.1", "x" * 64 + ".invalid"])
def test_a_pinned_pbx_that_cannot_be_reached_is_an_error_with_a_sentence(host):
    with pytest.raises(PbxError, match=f"no connection to https://{host}"):
        over_tls(a_closed_port(), host, fingerprint="sha256:" + "0" * 64)


@pytest.mark.parametrize("content", [None, "", "no certificate", "-----BEGIN CERTIFICATE-----\nx\n"])
def test_a_ca_file_that_holds_no_certificate_is_an_error_that_names_it(tmp_path, content):
    file = tmp_path / "pbx.pem"
    if content is not None:
        file.write_text(content)
    with pytest.raises(PbxError, match=r"pbx\.pem holds no certificate; it must be a PEM file"):
        over_tls(443, ca_file=str(file))
