"""Runs the fetcher in a network whose wire is held, and prints what was sent where as JSON (for test_no_packet.py).

Started by `unshare --net --mount`, with a folder for its own resolver settings as its argument.
"""

import ctypes
import json
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.conf import settings

from processing.fetching import connecting, destinations
from processing.fetching.deadline import FetchDeadline
from processing.fetching.errors import BadUrl, FetchFailed
from processing.fetching.fetcher import fetch_picture
from processing.fetching.urls import parse_url
from tests.processing.fetching import internet
from tests.processing.fetching.internet import PUBLIC_IPV4, name_of
from tests.processing.fetching.refused import REFUSED_NETWORKS, every_refused_address
from tests.processing.fetching.servers import trusting_us_alone
from tests.processing.fetching.wire import DNS_ADDRESS, OUR_ADDRESSES, UNREACHABLE, Wire, lay_wire

SPELLINGS = [
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "017700000001",
    "127.1",
    "0",
    "１２７.0.0.1",
    "①②⑦.⓪.⓪.①",
]
SAMPLES = ["10.0.0.1", "169.254.169.254", "127.0.0.1", "::1", "fd00:ec2::254"]
NO_NAMESPACE = "no namespace:"
_BIND = 4096


def main(folder: Path) -> dict[str, Any]:
    try:
        _use_own_resolver(folder)
        wire = lay_wire(internet.serve)
    except OSError as error:
        sys.exit(f"{NO_NAMESPACE} {error}")
    settings.PUBLIC_URL = "https://cutouts.test"
    settings.ALLOWED_HOSTS = ["admin.test", ".inside.test"]
    table = every_refused_address()
    report = {
        "addresses": len(table),
        "public": _fetch_public(),
        "direct": _refuse(wire, [url for address in table for url in _urls(address)]),
        "spelt": _refuse(wire, [f"http://{spelling}/" for spelling in SPELLINGS], error=BadUrl),
        "redirected": _refuse(wire, [_redirect_to(url) for address in table for url in _urls(address)]),
        "redirected to spellings": _refuse(wire, [_redirect_to(f"http://{spelling}/") for spelling in SPELLINGS]),
        "named": _refuse(wire, [f"http://{name_of(address, 'straight')}/" for address in table]),
        "mixed": _refuse(wire, [f"http://{name_of(address, 'mixed')}/" for address in table]),
        "turning": _refuse(wire, [f"http://{name_of(address, 'turning')}/" for address in table], after=_fetch_once),
        "itself": _refuse_itself(wire),
        "unreachable": _time_out(),
        "unchecked": _without_the_table(wire, table),
        "check, then a library": _with_a_library(wire),
    }
    internet.stop()
    return report


def _use_own_resolver(folder: Path) -> None:
    """Stand in for the machine's resolver settings, in this mount namespace only."""
    libc = ctypes.CDLL(None, use_errno=True)
    for path, text in (
        (Path("/etc/resolv.conf"), f"nameserver {DNS_ADDRESS}\noptions timeout:2 attempts:2\n"),
        (Path("/etc/nsswitch.conf"), "hosts: files dns\n"),
    ):
        own = folder / path.name
        own.write_text(text)
        if path.exists() and libc.mount(bytes(own), bytes(path), None, _BIND, None):
            raise OSError(ctypes.get_errno(), f"{path} cannot be covered in a mount namespace")


def _urls(address: str) -> list[str]:
    host = f"[{address}]" if ":" in address else address
    return [f"http://{host}/", f"https://{host}/"]


def _redirect_to(url: str) -> str:
    return f"http://{PUBLIC_IPV4}/to?{quote(url, safe='')}"


def _fetch(url: str) -> bytes:
    return fetch_picture(url, max_bytes=1000)


def _fetch_once(url: str) -> None:
    """Fetch what a name leads to the first time: a public address."""
    if _fetch(url).startswith(b"picture at "):
        return
    raise AssertionError(f"{url} was not fetched the first time")


def _refuse(
    wire: Wire, urls: Iterable[str], *, error: type[Exception] = FetchFailed, after: Callable[[str], None] | None = None
) -> dict[str, Any]:
    """Return how many addresses were refused, which were not, and what was sent to refused networks meanwhile."""
    fetched: list[str] = []
    refused: list[str] = []

    def work() -> None:
        for url in urls:
            if after is not None:
                after(url)
            try:
                _fetch(url)
            except error:
                refused.append(url)
            else:
                fetched.append(url)

    packets = wire.count(work)
    return {"refused": len(refused), "fetched": fetched, "packets": _to_refused(packets)}


def _to_refused(packets: Counter[str]) -> dict[str, int]:
    networks = [ip_network(network) for network in REFUSED_NETWORKS]
    return {
        address: number
        for address, number in packets.items()
        if any(ip_address(address) in network for network in networks)
    }


def _fetch_public() -> dict[str, str]:
    """The positive control, TLS among it, where the test's own authority is trusted."""
    connecting._tls = trusting_us_alone  # type: ignore[assignment]
    return {
        url: _fetch(url).decode()
        for url in (
            f"http://{PUBLIC_IPV4}/",
            "http://8.8.8.8/",
            "http://[2606:2800:220:1::1]/",
            "http://pictures.test/",
            "https://pictures.test/",
            _redirect_to("https://pictures.test/a"),
            _redirect_to("http://[2a00:1450:4001::1]/a"),
        )
    }


def _refuse_itself(wire: Wire) -> dict[str, Any]:
    urls = [
        *(url for address in OUR_ADDRESSES for url in _urls(address)),
        *(f"http://{name_of(address, 'straight')}/" for address in OUR_ADDRESSES),
        "http://198.41.0.5/",
        "https://cutouts.test/admin/",
        "http://alias.test/",
        "http://admin.test/",
        "http://deep.inside.test/",
    ]
    refused: list[str] = []

    def work() -> None:
        for url in urls:
            with suppress(FetchFailed):
                _fetch(url)
                continue
            refused.append(url)

    packets = wire.count(work)
    del packets[DNS_ADDRESS]
    return {"refused": len(refused), "of": len(urls), "packets": packets}


def _time_out() -> dict[str, Any]:
    started = time.monotonic()
    try:
        fetch_picture(f"http://{UNREACHABLE}/", max_bytes=1000, deadline_s=0.4)
    except FetchFailed as error:
        return {"error": str(error), "took_s": time.monotonic() - started}
    raise AssertionError("nothing answers there")


def _without_the_table(wire: Wire, table: list[str]) -> dict[str, Any]:
    """The negative control: with the check of addresses out of the way, the counters must see packets."""
    is_public, is_our_address = destinations.is_public, destinations.is_our_address
    destinations.is_public = lambda address: True
    destinations.is_our_address = lambda address, *, deadline: False
    fetched: list[str] = []

    def try_one(address: str) -> None:
        with suppress(FetchFailed):
            fetch_picture(_urls(address)[0], max_bytes=1000, deadline_s=1)
            fetched.append(address)

    def try_all() -> None:
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(try_one, table))

    try:
        packets = wire.count(try_all)
    finally:
        destinations.is_public, destinations.is_our_address = is_public, is_our_address
    return {"packets": packets, "fetched": fetched, "not seen": [address for address in table if not packets[address]]}


def _with_a_library(wire: Wire) -> dict[str, Any]:
    """The other negative control: check the address well, then let a library resolve it again and follow redirects."""

    def naive_fetch(url: str) -> None:
        destinations.find_destinations(parse_url(url, ports=(80, 443)), deadline=FetchDeadline.after(5))
        with suppress(OSError), urllib.request.urlopen(url, timeout=2) as response:
            response.read()

    for address in SAMPLES:
        internet.forget(name_of(address, "turning"))
    turning = [f"http://{name_of(address, 'turning')}/" for address in SAMPLES]
    return {
        "turning": wire.count(lambda: [naive_fetch(url) for url in turning]),
        "redirected": wire.count(lambda: [naive_fetch(_redirect_to(_urls(address)[0])) for address in SAMPLES]),
    }


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]))))
