"""Which addresses belong to the public internet."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_network

Address = IPv4Address | IPv6Address

_GLOBAL_UNICAST = ip_network("2000::/3")

_SPECIAL = tuple(
    ip_network(block)
    for block in (
        "168.63.129.16/32",  # Azure's in-machine service, on an address that looks public
        "192.0.0.0/24",  # protocol assignments, some of which ipaddress calls global
        "192.88.99.0/24",  # 6to4 relays
        "2001::/23",  # protocol assignments, Teredo among them
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation, RFC 9637; unknown to older versions of ipaddress
    )
)


def is_public(address: Address) -> bool:
    """Whether an address is a public unicast one, by the IANA special-purpose registries.

    An IPv6 address that carries an IPv4 one (mapped, compatible, 6to4, Teredo, NAT64) never is:
    what it reaches depends on the network it is used in.
    """
    if any(address in block for block in _SPECIAL if block.version == address.version):
        return False
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST:
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved
