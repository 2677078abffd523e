"""What browsers are told and refused, so that no page of others acts or reads for the user."""

from __future__ import annotations

import ipaddress
import re
from functools import partial

from flask import Flask, Response, request

from config import Settings
from har.errors import BadHost, ConfigError, CrossSite

_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "media-src": "'self'",
    "connect-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}

_USED = ("camera", "fullscreen")
_UNUSED = (
    "accelerometer",
    "display-capture",
    "geolocation",
    "gyroscope",
    "hid",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "publickey-credentials-get",
    "serial",
    "usb",
    "xr-spatial-tracking",
)
"""What browsers can do and the page does not."""

_HEADERS = {
    "Content-Security-Policy": "; ".join(f"{what} {where}" for what, where in _POLICY.items()),
    "Permissions-Policy": ", ".join(
        [*(f"{name}=(self)" for name in _USED), *(f"{name}=()" for name in _UNUSED)]
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # The address of a job is the secret that leads to it.
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

_HERE = frozenset({"localhost", "127.0.0.1", "::1"})
_PROBES = ("health.healthz", "health.readyz")
"""Endpoints that load balancers ask for by the machine's address, whatever its names."""

_NAME = re.compile(r"\.?[a-z0-9_-]+(\.[a-z0-9_-]+)*")
_HOST = re.compile(r"(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d*)?")
_SAFE = ("GET", "HEAD", "OPTIONS")


def register(app: Flask, settings: Settings) -> None:
    """Guard an application; before anything but the log. Raises ConfigError for a bad host."""
    app.before_request(partial(_check_host, trusted_hosts(settings)))
    app.before_request(_guard_sending)
    app.after_request(guard)


def trusted_hosts(settings: Settings) -> frozenset[str]:
    """The names to answer under, those below where there is a leading dot; empty for any.

    Where the service listens on the loopback address alone, those of this machine: else a page of
    others could have its own name lead here, and read what it likes. Raises ConfigError.
    """
    if not settings.trusted_hosts.strip():
        host = settings.host.strip("[]").lower()
        return _HERE | {host} if is_here(host) else frozenset()
    names = [name.strip().strip("[]").lower() for name in settings.trusted_hosts.split(",")]
    if not all(_NAME.fullmatch(name) or _address(name) for name in names):
        raise ConfigError(
            "HAR_TRUSTED_HOSTS must be names without scheme and port, such as "
            f"har.example.org,.example.net, not '{settings.trusted_hosts}'."
        )
    return frozenset(names)


def is_here(host: str) -> bool:
    """Whether a name or an address can only be this machine's own."""
    address = _address(host)
    return host in _HERE if address is None else address.is_loopback


def asked_host() -> str:
    """The name or address by which the service was asked, without its port; maybe none."""
    parts = _HOST.fullmatch(_host().lower())
    return parts[1] or parts[2] if parts else ""


def asked_address() -> str:
    """The service's address as it was asked, such as http://127.0.0.1:5000.

    Nothing in it means anything to a shell, whatever the request says.
    """
    host = _host()
    safe = host if _HOST.fullmatch(host.lower()) else "localhost"
    return f"{'https' if request.is_secure else 'http'}://{safe}"


def guard(response: Response) -> Response:
    """Tell browsers what an answer is for; every answer must have been here."""
    response.headers.update(_HEADERS)
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def _check_host(trusted: frozenset[str]) -> None:
    host = asked_host()
    if not trusted or host in trusted:
        return
    if any(name[0] == "." and f".{host}".endswith(name) for name in trusted):
        return
    if request.endpoint in _PROBES and (host == "localhost" or _address(host)):
        return
    raise BadHost(
        "The service does not answer under the name that it was asked by. Whoever runs it can add "
        "the name to HAR_TRUSTED_HOSTS."
    )


def _guard_sending() -> None:
    if request.method not in _SAFE:
        refuse_other_sites()


def refuse_other_sites() -> None:
    """Raises CrossSite where a browser sends for a page that is not ours.

    Browsers say so in one of two headers; who sends neither is no browser.
    """
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    ours = origin is None or origin.partition("://")[2] == _host()
    if not (ours if site is None else site in ("same-origin", "none")):
        raise CrossSite(
            "A page of another site had your browser send this. Send it from this service's own "
            "page or by a program. A proxy in front of it must pass the Host header on."
        )


def _host() -> str:
    # Werkzeug knows no host whose name has an underscore; HTTP/1.0 need not send any.
    return request.headers.get("Host") or request.host


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    # A socket for both kinds tells IPv4's addresses in IPv6's form.
    return getattr(address, "ipv4_mapped", None) or address
