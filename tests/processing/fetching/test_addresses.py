"""S1 to S3: which addresses are public; each range by its first, middle and last address, and its neighbours."""

from ipaddress import IPv6Network, ip_address, ip_network

import pytest

from processing.fetching.addresses import is_public
from tests.processing.fetching.refused import REFUSED_ADDRESSES, REFUSED_NETWORKS

# Typed from the registries, not taken from the code.
PUBLIC = [
    "1.0.0.0",
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "93.184.216.34",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "168.63.129.15",
    "168.63.129.17",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "191.255.255.255",
    "192.0.1.0",
    "192.0.3.0",
    "192.31.195.255",
    "192.31.197.0",
    "192.52.192.255",
    "192.52.194.0",
    "192.88.98.255",
    "192.88.100.0",
    "192.167.255.255",
    "192.169.0.0",
    "192.175.47.255",
    "192.175.49.0",
    "198.17.255.255",
    "198.20.0.0",
    "198.51.99.255",
    "198.51.101.0",
    "203.0.112.255",
    "203.0.114.0",
    "223.255.255.255",
    "2001:200::",
    "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff",
    "2001:db9::",
    "2003::",
    "2606:2800:220:1::1",
    "2620:4f:7fff:ffff:ffff:ffff:ffff:ffff",
    "2620:4f:8001::",
    "2a00:1450:4001::1",
    "3ffd:ffff::1",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_the_public_network_is_let_through(address):
    assert is_public(ip_address(address))


@pytest.mark.parametrize("network", REFUSED_NETWORKS)
def test_a_refused_range_is_refused_from_its_first_address_to_its_last(network):
    span = ip_network(network)

    for address in (span[0], span[span.num_addresses // 2], span[-1]):
        assert not is_public(address), address


@pytest.mark.parametrize("address", REFUSED_ADDRESSES)
def test_an_address_that_python_may_call_global_is_refused(address):
    assert not is_public(ip_address(address))


def test_a_zone_makes_an_address_local():
    assert not is_public(ip_address("2606:2800:220:1::1%eth0"))


@pytest.mark.parametrize("first_bits", [*range(0x0000, 0x2000, 0x100), *range(0x4000, 0x10000, 0x100)])
def test_no_ipv6_outside_what_is_given_out_is_public(first_bits):
    span = IPv6Network((first_bits << 112, 8))

    assert not is_public(span[1])
    assert not is_public(span[-1])
