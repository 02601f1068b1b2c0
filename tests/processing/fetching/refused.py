"""What must never be asked: the rows S1 to S3 of our list, and reserved ranges like them, typed out once."""

from ipaddress import ip_address, ip_network

REFUSED_NETWORKS = [
    # S1
    "127.0.0.0/8",
    "0.0.0.0/8",
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "169.254.0.0/16",
    "100.64.0.0/10",
    "192.0.0.0/24",
    "198.18.0.0/15",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "192.88.99.0/24",
    "168.63.129.16/32",
    # like them: documentation, AS112, AMT
    "192.0.2.0/24",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "192.31.196.0/24",
    "192.175.48.0/24",
    "192.52.193.0/24",
    # S2
    "::1/128",
    "::/128",
    "fe80::/10",
    "fc00::/7",
    "fec0::/10",
    "ff00::/8",
    "100::/64",
    "2001:db8::/32",
    "5f00::/16",
    "3fff::/20",
    # S3
    "::ffff:0:0/96",
    "::/96",
    "64:ff9b::/96",
    "64:ff9b:1::/48",
    "2002::/16",
    "2001::/32",
    # like them: protocol assignments, AS112, the 6bone
    "2001::/23",
    "2620:4f:8000::/48",
    "3ffe::/16",
]

REFUSED_ADDRESSES = [
    "127.0.0.1",
    "127.1.2.3",
    "0.0.0.0",
    "169.254.169.254",
    "100.100.100.200",
    "192.0.0.8",
    "192.0.0.192",
    "168.63.129.16",
    "192.88.99.1",
    "224.0.0.1",
    "239.1.1.1",
    "239.255.255.250",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fd00:ec2::254",
    "fec0::1",
    "ff02::1",
    "5f00::1",
    "3fff::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:8.8.8.8",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::808:808",
    "64:ff9b:1::7f00:1",
    "2002:7f00:1::",
    "2002:808:808::1",
    "2001:0:7f00:1::",
    "2001:2::1",
    "2001:20::1",
]


def every_refused_address() -> list[str]:
    """Return the first, second, middle and last address of each range, and those with a name of their own."""
    spans = [ip_network(network) for network in REFUSED_NETWORKS]
    of_ranges = [span[place] for span in spans for place in (0, min(1, span.num_addresses - 1), -1)]
    middles = [span[span.num_addresses // 2] for span in spans]
    named = [ip_address(address) for address in REFUSED_ADDRESSES]
    return list(dict.fromkeys(str(address) for address in (*named, *of_ranges, *middles)))
