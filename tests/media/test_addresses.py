from __future__ import annotations

from ipaddress import ip_address

import pytest

from har.media.addresses import is_public, is_public_or_private

PUBLIC = ("1.1.1.1", "8.8.8.8", "93.184.216.34", "223.255.255.1", "100.128.0.1", "172.32.0.1")
PUBLIC_V6 = ("2606:4700::1111", "2a00:1450:4001::200e", "2003::1", "2001:4860:4860::8888")

REFUSED = {
    "this network": ("0.0.0.0", "0.1.2.3", "::"),
    "loopback": ("127.0.0.1", "127.255.255.254", "::1"),
    "private": ("10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
    "unique local": ("fc00::1", "fd12:3456::1"),
    "link-local": ("169.254.1.1", "169.254.169.254", "fe80::1", "fe80::1%lo", "febf::1"),
    "site-local": ("fec0::1",),
    "carrier-grade NAT": ("100.64.0.1", "100.127.255.255"),
    "metadata of clouds": ("100.100.100.200", "fd00:ec2::254", "fd20:ce::254"),
    "cloud service": ("168.63.129.16",),
    "protocol assignments": ("192.0.0.1", "192.0.0.9", "192.0.0.192", "2001:2::1", "2001:1::1"),
    "documentation": ("192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1"),
    "benchmarking": ("198.18.0.1", "198.19.255.255"),
    "multicast": ("224.0.0.1", "239.255.255.255", "ff02::1", "ff0e::1"),
    "reserved": ("240.0.0.1", "255.255.255.255", "4000::1", "5f00::1", "100::1"),
    "6to4 relay": ("192.88.99.1",),
    "mapped": ("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:8.8.8.8"),
    "compatible": ("::127.0.0.1", "::8.8.8.8"),
    "with a zone": ("2606:4700::1111%eth0", "2a00:1450:4001::200e%1"),
    "translated": ("::ffff:0:127.0.0.1",),
    "NAT64": ("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:1"),
    "6to4": ("2002:7f00:1::", "2002:a00:1::1", "2002:808:808::1"),
    "Teredo": ("2001::1", "2001:0:4136:e378:8000:63bf:80ff:fffe"),
}


@pytest.mark.parametrize("address", PUBLIC + PUBLIC_V6)
def test_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    ("kind", "address"), [(kind, address) for kind, many in REFUSED.items() for address in many]
)
def test_not_public(kind: str, address: str) -> None:
    assert not is_public(ip_address(address)), kind


INTRANET = ("loopback", "private", "unique local", "carrier-grade NAT")


@pytest.mark.parametrize(
    ("kind", "address"), [(kind, address) for kind, many in REFUSED.items() for address in many]
)
def test_private_ones_where_they_are_allowed(kind: str, address: str) -> None:
    assert is_public_or_private(ip_address(address)) == (kind in INTRANET)


@pytest.mark.parametrize("address", PUBLIC + PUBLIC_V6)
def test_public_ones_where_private_ones_are_allowed(address: str) -> None:
    assert is_public_or_private(ip_address(address))
