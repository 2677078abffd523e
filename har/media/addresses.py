"""Which addresses a link may lead to."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

Address = IPv4Address | IPv6Address
_Blocks = tuple[IPv4Network | IPv6Network, ...]

_GLOBAL_UNICAST = ip_network("2000::/3")


def _blocks(*blocks: str) -> _Blocks:
    return tuple(map(ip_network, blocks))


_SPECIAL = _blocks(
    "168.63.129.16/32",  # Azure's in-machine service, on an address that looks public
    "192.0.0.0/24",  # protocol assignments, some of which ipaddress calls global
    "192.88.99.0/24",  # 6to4 relays
    "2001::/23",  # protocol assignments, Teredo among them
    "2001:db8::/32",  # documentation
    "2002::/16",  # 6to4
    "3fff::/20",  # documentation, RFC 9637; unknown to older versions of ipaddress
)

_INTRANET = _blocks(
    *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"),
    *("127.0.0.0/8", "::1/128"),
    "100.64.0.0/10",  # carrier-grade NAT, which many private networks use
)

_METADATA = _blocks(
    "100.100.100.200/32",  # Alibaba
    "fd00:ec2::/32",  # Amazon
    "fd20:ce::254/128",  # Google
)
"""Where clouds tell a machine its secrets, as far as these lie in blocks of intranets."""


def is_public(address: Address) -> bool:
    """Whether an address is a public unicast one, by the IANA special-purpose registries.

    An IPv6 address that carries an IPv4 one (mapped, compatible, 6to4, Teredo, NAT64) never is:
    what it reaches depends on the network it is used in. Nor is one with a zone (``%eth0``).
    """
    if _within(address, _SPECIAL):
        return False
    if isinstance(address, IPv6Address) and (address.scope_id or address not in _GLOBAL_UNICAST):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def is_public_or_private(address: Address) -> bool:
    """Whether an address is public, or one of a private network or of this machine.

    Link-local, multicast and reserved ones are neither, nor are those of clouds' metadata.
    """
    if is_public(address):
        return True
    return _within(address, _INTRANET) and not _within(address, _METADATA)


def _within(address: Address, blocks: _Blocks) -> bool:
    return any(address in block for block in blocks if block.version == address.version)
