"""The proof: not one packet to a refused address, whether it is named directly, by a redirect or by a changing name.

The fetcher runs in a network namespace (namespace_child.py) whose wire is ours, and every packet is counted. The
controls show that public addresses are fetched there, and that the counters see packets where the check is missing.
"""

import json
import os
import shutil
import subprocess
import sys
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from processing.fetching.errors import FetchFailed
from tests.processing.fetching.namespace_child import NO_NAMESPACE
from tests.processing.fetching.refused import every_refused_address

PROJECT = Path(__file__).resolve().parents[3]
ALONE = ["unshare", "--net", "--mount"]
ALONE_AS_A_USER = ["unshare", "--user", "--map-root-user", "--net", "--mount"]
NEEDED = "needs unshare (util-linux), root or user namespaces, and a /dev/net/tun that may be opened"

MAY_BE_UNSEEN = [
    ip_network(network)
    for network in (
        # No kernel opens a TCP connection to these as they are,
        "224.0.0.0/4",
        "ff00::/8",
        "fe80::/10",
        "255.255.255.255/32",
        "127.255.255.255/32",
        # sends those elsewhere (loopback, IPv4),
        "0.0.0.0/32",
        "::/128",
        "::ffff:0:0/96",
        # and older ones none to these.
        "0.0.0.0/8",
        "240.0.0.0/4",
    )
]


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("namespace")
    if shutil.which("unshare") is None:
        pytest.fail(f"This test {NEEDED}.", pytrace=False)
    is_root_enough = subprocess.run([*ALONE, "true"], capture_output=True, check=False).returncode == 0
    child = [sys.executable, "-m", "tests.processing.fetching.namespace_child", str(folder)]
    own = {"PATH": os.environ["PATH"], "HOME": str(folder), "DATA_DIR": str(folder / "data")}
    done = subprocess.run(
        [*(ALONE if is_root_enough else ALONE_AS_A_USER), *child],
        cwd=PROJECT,
        env={**own, "DJANGO_SETTINGS_MODULE": "removebg.settings"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if done.stderr.startswith(("unshare:", NO_NAMESPACE)):
        pytest.fail(f"This test {NEEDED}: {done.stderr.splitlines()[0]}", pytrace=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_public_addresses_are_fetched_over_the_wire(report):
    at_ipv4, at_ipv6 = "picture at 93.184.216.34", "picture at 2606:2800:220:1::1"
    answers = report["public"]

    assert answers.pop("http://93.184.216.34/") == at_ipv4
    assert answers.pop("http://8.8.8.8/") == "picture at 8.8.8.8"
    assert answers.pop("http://[2606:2800:220:1::1]/") == at_ipv6
    for url in ("http://pictures.test/", "https://pictures.test/"):
        assert answers.pop(url) in (at_ipv4, at_ipv6)
    to_name, to_address = answers.values()
    assert to_name in (at_ipv4, at_ipv6)
    assert to_address == "picture at 2a00:1450:4001::1"


@pytest.mark.parametrize("way", ["direct", "redirected"])
def test_no_packet_goes_to_a_refused_address(report, way):
    assert report["addresses"] == len(every_refused_address()) > 150
    assert report[way] == {"refused": 2 * report["addresses"], "fetched": [], "packets": {}}


@pytest.mark.parametrize("way", ["spelt", "redirected to spellings"])
def test_no_packet_goes_to_loopback_in_another_spelling(report, way):
    assert report[way] == {"refused": 9, "fetched": [], "packets": {}}


@pytest.mark.parametrize("way", ["named", "mixed", "turning"])
def test_no_packet_goes_where_a_name_leads_now_or_the_second_time(report, way):
    assert report[way] == {"refused": report["addresses"], "fetched": [], "packets": {}}


def test_no_packet_goes_to_the_server_itself(report):
    assert report["itself"] == {"refused": 11, "of": 11, "packets": {}}


def test_a_public_address_that_never_answers_is_given_up_at_the_deadline(report):
    assert report["unreachable"]["error"] == FetchFailed.public_text
    assert 0.35 < report["unreachable"]["took_s"] < 1.5


def test_without_the_table_the_counters_do_see_packets(report):
    unseen = [ip_address(address) for address in report["unchecked"]["not seen"]]

    assert [str(address) for address in unseen if not any(address in network for network in MAY_BE_UNSEEN)] == []
    assert len(report["unchecked"]["fetched"]) > 100
    assert {"127.0.0.1", "::1", "10.0.0.1", "169.254.169.254"} <= report["unchecked"]["packets"].keys()


@pytest.mark.parametrize("way", ["turning", "redirected"])
def test_checking_first_and_fetching_with_a_library_does_send_packets(report, way):
    samples = {"10.0.0.1", "169.254.169.254", "127.0.0.1", "::1", "fd00:ec2::254"}

    assert samples <= report["check, then a library"][way].keys()
