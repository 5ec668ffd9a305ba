"""Where the PBX is, and how to know that it is the one: the system's authorities, a private one, or one pinned
certificate. Verification cannot be switched off."""

from __future__ import annotations

import hashlib
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

from campaignops.errors import PbxError

_CONNECT_S = 10.0


@dataclass(frozen=True, slots=True)
class Address:
    """`url` without a path, `ca_file` or `fingerprint`."""

    url: str
    timeout_s: float = 30.0
    ca_file: str | None = None
    fingerprint: str | None = None


def connect_s(address: Address) -> float:
    return min(_CONNECT_S, address.timeout_s)


def cause(error: BaseException) -> str:
    """The system's own words for a failed connection; they name no URL and so no token."""
    inner: BaseException | None = error
    while inner is not None:
        if isinstance(inner, ssl.SSLCertVerificationError):
            return (
                f"certificate not accepted: {inner.verify_message}; see `pbx.ca_file` and `pbx.fingerprint`"
            )
        if isinstance(inner, TimeoutError):
            return "timed out"
        if isinstance(inner, OSError) and inner.strerror:
            return inner.strerror
        inner = inner.__cause__ or inner.__context__
    return type(error).__name__


def trust(address: Address) -> ssl.SSLContext:
    """What a connection is verified by."""
    if urlsplit(address.url).scheme != "https":
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # trusts nobody; saves reading the authorities
    if address.fingerprint:
        context = _pinned(address)
    else:
        try:
            context = ssl.create_default_context(cafile=address.ca_file)
        except OSError:
            message = f"`pbx.ca_file` {address.ca_file} holds no certificate; it must be a PEM file"
            raise PbxError(message, code="ca_file") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _pinned(address: Address) -> ssl.SSLContext:
    """Fetch the certificate, compare it with the pin, then trust it and nothing else."""
    parts = urlsplit(address.url)
    where = (parts.hostname or "", parts.port or 443)
    try:
        pem = ssl.get_server_certificate(where, timeout=connect_s(address))
    except (OSError, UnicodeError) as error:  # a host name that is none raises the latter
        raise PbxError(f"no connection to {address.url} ({cause(error)})") from None
    found = "sha256:" + hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()
    if found != (address.fingerprint or "").lower():
        message = (
            f"{address.url} shows another certificate ({found}) than `pbx.fingerprint` says; nothing was sent"
        )
        raise PbxError(message, code="fingerprint")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # the pin names this one certificate; appliances carry no useful host name
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(cadata=pem)
    return context
