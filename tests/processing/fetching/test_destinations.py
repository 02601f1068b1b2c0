"""S8, S9, S14: names and their answers; every one must be fit, and only what was checked is connected to."""

import socket
from ipaddress import ip_address, ip_network

import pytest

from processing.fetching import itself
from processing.fetching.deadline import FetchDeadline
from processing.fetching.destinations import find_destinations
from processing.fetching.errors import Refused
from processing.fetching.resolving import MAX_ANSWERS
from processing.fetching.urls import parse_url
from tests.processing.fetching.conftest import failure_of, fetch
from tests.processing.fetching.servers import serving, whole


@pytest.fixture
def names(monkeypatch):
    """A resolver of our own: a name has a list of answers, one for each time that it is asked; the last one stays."""
    table: dict[str, list[list[str]]] = {}
    asked: list[str] = []

    def resolve(host, port, *args, **kwargs):
        asked.append(host)
        if host not in table:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        answers = table[host].pop(0) if len(table[host]) > 1 else table[host][0]
        return [
            (socket.AF_INET6 if ":" in answer else socket.AF_INET, socket.SOCK_STREAM, 6, "", (answer, 0))
            for answer in answers
        ]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    table["asked"] = asked
    return table


@pytest.fixture
def elsewhere(monkeypatch):
    """No address is this machine's: asking the kernel about a public one would look like leaving loopback."""
    monkeypatch.setattr(itself, "_is_of_this_machine", lambda address: False)


def destinations(url):
    return [
        str(address) for address in find_destinations(parse_url(url, ports=(80, 443)), deadline=FetchDeadline.after(5))
    ]


def test_a_name_leads_to_all_its_public_addresses(names, elsewhere):
    names["pictures.example"] = [["93.184.216.34", "2606:2800:220:1::1", "93.184.216.34"]]

    assert destinations("http://pictures.example/") == ["93.184.216.34", "2606:2800:220:1::1"]


def test_a_literal_is_not_looked_up(names, elsewhere):
    assert destinations("http://93.184.216.34/") == ["93.184.216.34"]
    assert "93.184.216.34" not in names["asked"]


@pytest.mark.parametrize(
    "answers",
    [
        ["127.0.0.1"],
        ["93.184.216.34", "127.0.0.1"],
        ["127.0.0.1", "93.184.216.34"],
        ["93.184.216.34", "::1"],
        ["93.184.216.34", "::ffff:93.184.216.34"],
        ["93.184.216.34", "fe80::1%lo"],
        ["2606:2800:220:1::1", "64:ff9b::7f00:1"],
    ],
)
def test_one_unfit_answer_spoils_all(names, elsewhere, answers):
    names["mixed.example"] = [answers]

    with pytest.raises(Refused, match="not a public address"):
        destinations("http://mixed.example/")


def test_a_name_with_very_many_answers_is_refused(names, elsewhere):
    many = [f"93.184.{n // 250}.{n % 250 + 1}" for n in range(10_000)]
    names["many.example"] = [many]
    names["some.example"] = [many[:MAX_ANSWERS]]
    names["one-more.example"] = [many[: MAX_ANSWERS + 1]]
    names["none.example"] = [[]]

    assert len(destinations("http://some.example/")) == MAX_ANSWERS
    for host in ("many.example", "one-more.example", "none.example"):
        with pytest.raises(Refused, match="addresses"):
            destinations(f"http://{host}/")


def test_a_name_is_resolved_once_and_its_second_answer_never_used(open_to, names):
    names["rebinding.example"] = [["127.0.0.1"], ["127.0.0.2"]]
    with (
        serving(whole(b"secret"), host="127.0.0.2") as inside,
        serving(whole(b"picture"), port=inside.port) as server,
    ):
        open_to(server)
        assert fetch(server.url(host="rebinding.example")) == b"picture"
        assert names["asked"].count("rebinding.example") == 1
        failure_of(server.url(host="rebinding.example"))

    assert inside.requests == []


def test_the_next_checked_address_is_tried_when_the_first_does_not_answer(open_to, names, settings):
    settings.FETCH_ALLOWED_NETWORKS = [ip_network("127.0.0.0/8")]
    names["two.example"] = [["127.0.0.2", "127.0.0.1"]]
    with serving(whole(b"picture")) as server:
        settings.FETCH_PORTS = [server.port]
        assert fetch(server.url(host="two.example")) == b"picture"


def test_a_connection_that_leads_to_another_peer_is_dropped(open_to, monkeypatch):
    with serving(whole(b"picture")) as server:
        open_to(server)
        monkeypatch.setattr(socket.socket, "getpeername", lambda self: ("127.0.0.2", server.port))
        assert "another address" in failure_of(server.url())

    assert b"GET" not in b"".join(server.requests)


# --- S14: the server itself ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "http://cutouts.example/admin/",
        "https://CUTOUTS.example/admin/",
        "http://admin.internal.example/",
        "http://deep.admin.internal.example/",
        "http://internal.example/",
        "http://alias.example/",
        "http://198.41.0.4/",
    ],
)
def test_the_server_itself_is_refused_by_name_and_by_public_address(names, elsewhere, settings, url):
    settings.PUBLIC_URL = "https://cutouts.example"
    settings.ALLOWED_HOSTS = ["*", "other.example", ".internal.example"]
    for host in ("cutouts.example", "alias.example"):
        names[host] = [["198.41.0.4"]]
    for host in ("internal.example", "admin.internal.example", "deep.admin.internal.example"):
        names[host] = [["93.184.216.34"]]
    names["pictures.example"] = [["93.184.216.34"]]

    with pytest.raises(Refused, match="this server"):
        destinations(url)
    assert destinations("http://pictures.example/") == ["93.184.216.34"]


def test_our_own_name_is_refused_wherever_it_leads_today(names, elsewhere, settings):
    settings.PUBLIC_URL = "https://balanced.example"
    names["balanced.example"] = [["198.41.0.7"], ["198.41.0.8"]]  # the caller's lookup, then ours

    with pytest.raises(Refused, match="the name is this server's"):
        destinations("http://balanced.example/")


def test_an_address_of_this_machine_is_known_without_asking_anybody():
    assert itself.is_our_address(ip_address("127.0.0.1"), deadline=FetchDeadline.after(5))
    assert itself.is_our_address(ip_address("::1"), deadline=FetchDeadline.after(5))


def test_the_operators_exception_wins_over_all_of_these(names, settings):
    settings.PUBLIC_URL = "https://cutouts.example"
    settings.ALLOWED_HOSTS = ["cutouts.example"]
    settings.FETCH_ALLOWED_NETWORKS = [
        ip_network("198.41.0.4/32"),
        ip_network("10.1.0.0/16"),
        ip_network("127.0.0.1/32"),
    ]
    names["cutouts.example"] = [["198.41.0.4", "10.1.2.3", "127.0.0.1"]]

    assert destinations("https://cutouts.example/") == ["198.41.0.4", "10.1.2.3", "127.0.0.1"]


def test_a_network_let_in_does_not_let_in_its_neighbours_or_other_spellings(names, elsewhere, settings):
    settings.FETCH_ALLOWED_NETWORKS = [ip_network("10.1.0.0/16")]

    for url in ("http://10.2.0.1/", "http://[::ffff:10.1.0.1]/", "http://[64:ff9b::a01:1]/", "http://[2002:a01:1::]/"):
        with pytest.raises(Refused, match="not a public address"):
            destinations(url)


def test_while_our_own_name_has_no_address_the_last_known_one_counts(names, elsewhere, settings, monkeypatch):
    settings.PUBLIC_URL = "https://moving.example"
    monkeypatch.setattr(itself, "PUBLIC_ADDRESSES_KEPT_S", 0)
    names["moving.example"] = [["198.41.0.5"]]
    with pytest.raises(Refused, match="this server"):
        destinations("http://198.41.0.5/")
    del names["moving.example"]

    with pytest.raises(Refused, match="this server"):
        destinations("http://198.41.0.5/")


def test_our_own_name_is_looked_up_once_a_minute(names, elsewhere, settings):
    settings.PUBLIC_URL = "https://steady.example"
    names["steady.example"] = [["198.41.0.6"]]
    for _ in range(3):
        destinations("http://93.184.216.34/")

    assert names["asked"].count("steady.example") == 1
