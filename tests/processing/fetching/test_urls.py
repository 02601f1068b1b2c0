"""S4 to S6: the one parser takes plain addresses and refuses whatever two parsers could read in two ways."""

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processing.fetching.errors import BadUrl, ClosedPort, FetchFailed
from processing.fetching.fetcher import check_url, fetch_picture
from processing.fetching.urls import MAX_URL_CHARACTERS, Target, parse_location, parse_url

PORTS = (80, 443)

TAKEN = [
    # text, scheme, host, port, path, Host header
    ("http://example.com", "http", "example.com", 80, "/", "example.com"),
    ("https://example.com/", "https", "example.com", 443, "/", "example.com"),
    ("HTTPS://Example.COM/A.PNG", "https", "example.com", 443, "/A.PNG", "example.com"),
    ("https://example.com:443/a", "https", "example.com", 443, "/a", "example.com"),
    ("https://example.com:80/a", "https", "example.com", 80, "/a", "example.com:80"),
    ("http://example.com:443/a", "http", "example.com", 443, "/a", "example.com:443"),
    ("  http://example.com/a  ", "http", "example.com", 80, "/a", "example.com"),
    ("http://example.com?a=b", "http", "example.com", 80, "/?a=b", "example.com"),
    ("http://example.com/a?b=c/d?e#part", "http", "example.com", 80, "/a?b=c/d?e", "example.com"),
    ("http://example.com/photo@2x.png?u=a@b", "http", "example.com", 80, "/photo@2x.png?u=a@b", "example.com"),
    ("http://example.com/a b.png?c d", "http", "example.com", 80, "/a%20b.png?c%20d", "example.com"),
    ("http://example.com/é/猫.png?ü", "http", "example.com", 80, "/%C3%A9/%E7%8C%AB.png?%C3%BC", "example.com"),
    ("http://example.com/a%20b%zz%2F", "http", "example.com", 80, "/a%20b%zz%2F", "example.com"),
    ('http://example.com/"<>`{}^', "http", "example.com", 80, "/%22%3C%3E%60%7B%7D%5E", "example.com"),
    ("http://example.com/a/../b/./c", "http", "example.com", 80, "/b/c", "example.com"),
    ("http://example.com/../../b/..", "http", "example.com", 80, "/", "example.com"),
    ("http://example.com/a/b/.", "http", "example.com", 80, "/a/b/", "example.com"),
    ("http://example.com//a//b", "http", "example.com", 80, "//a//b", "example.com"),
    ("http://my_bucket.s3.example.com/a", "http", "my_bucket.s3.example.com", 80, "/a", "my_bucket.s3.example.com"),
    ("http://bücher.example/a", "http", "xn--bcher-kva.example", 80, "/a", "xn--bcher-kva.example"),
    ("http://BÜCHER.example/a", "http", "xn--bcher-kva.example", 80, "/a", "xn--bcher-kva.example"),
    ("http://xn--bcher-kva.example/a", "http", "xn--bcher-kva.example", 80, "/a", "xn--bcher-kva.example"),
    ("http://8.8.8.8/a", "http", "8.8.8.8", 80, "/a", "8.8.8.8"),
    ("http://1.example.com/a", "http", "1.example.com", 80, "/a", "1.example.com"),
    ("http://1.2.3.4.example.com/a", "http", "1.2.3.4.example.com", 80, "/a", "1.2.3.4.example.com"),
    ("http://[2606:2800:220:1::1]/a", "http", "2606:2800:220:1::1", 80, "/a", "[2606:2800:220:1::1]"),
    ("http://[2606:2800:220:1:0:0:0:1]:443/a", "http", "2606:2800:220:1::1", 443, "/a", "[2606:2800:220:1::1]:443"),
]

REFUSED = [
    # S4: loopback in other spellings, each of which getaddrinfo would resolve
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7F.1/",
    "http://0x7f.1/",
    "http://0177.0.0.1/",
    "http://017700000001/",
    "http://127.1/",
    "http://127.0.1/",
    "http://0/",
    "http://0x/",
    "http://0x0/",
    "http://00.0.0.0/",
    "http://127.0.0.01/",
    "http://127.0.0.256/",
    "http://127.0.0.0.1/",
    "http://1.2.3.4.5/",
    "http://example.1/",
    "http://example.0x7f/",
    "http://１２７.0.0.1/",
    "http://127.0.0.１/",
    "http://①②⑦.⓪.⓪.①/",
    "http://127。0。0。1/",
    "http://127．0．0．1/",
    "http://127｡0｡0｡1/",
    "http://ⓔxample.com/",
    "http://𝟏𝟐𝟕.0.0.1/",
    "http://١٢٧.0.0.1/",
    "http://127.0.0.1./",
    # S5: addresses that parsers disagree about
    "http://127.0.0.1\\@good.com/",
    "http://good.com\\@127.0.0.1/",
    "http:\\\\good.com/",
    "http://good.com/a\\b",
    "http://good.com@127.0.0.1/",
    "http://user:password@good.com/",
    "http://@good.com/",
    "http://good.com#@127.0.0.1/",
    "http://127.0.0.1#@good.com/",
    "http://good.com/#@127.0.0.1/",
    "http://good.com?@127.0.0.1/",
    "http://good.com\t/",
    "http://good\t.com/",
    "http://good.com/\r\nHost: evil",
    "http://good.com/a\nb",
    "ht\ntp://good.com/",
    "http://good.com/\x00",
    "http://good.com/\x7f",
    "http://good.com/\x85",
    "\x01http://good.com/",
    "//good.com/a",
    "/a",
    "good.com",
    "",
    " ",
    "http:",
    "http:/",
    "http://",
    "http:///",
    "http:///good.com/",
    "http:good.com",
    "http:/good.com",
    "http://?a",
    "http://#a",
    "http://:80/",
    "http://good.com:99999/",
    "http://good.com:65616/",
    "http://good.com:0/",
    "http://good.com:-80/",
    "http://good.com:+80/",
    "http://good.com:080/",
    "http://good.com:/",
    "http://good.com:80:80/",
    "http://good.com:８０/",
    "http://good.com:8080/",
    "http://good.com:22/",
    "http://good com/",
    "http://good.com /",
    "http://good..com/",
    "http://.good.com/",
    "http://good.com./",
    "http://-good.com/",
    "http://good-.com/",
    "http://good%2ecom/",
    "http://good.com%00/",
    "http://%31%32%37.0.0.1/",
    "http://good.com;a/",
    "http://good,com/",
    "http://*.good.com/",
    "http://" + "a" * 64 + ".com/",
    "http://" + "a." * 127 + "com/",
    "http://[::1%25eth0]/",
    "http://[::1%eth0]/",
    "http://[fe80::1%1]/",
    "http://[::1/",
    "http://::1/",
    "http://[::1]a/",
    "http://[::1]:/",
    "http://[]/",
    "http://[127.0.0.1]/",
    "http://[v1.a]/",
    "http://[::1]]/",
    "http://[[::1]]/",
    "http://[2606:2800:220:1::１]/",
    "http://good.com/\ud800",
    "http://\ud800.com/",
    "http://\u200dgood.com/",
    "http://xn--\u00fc.com/",
    "http://good.com/" + "a" * MAX_URL_CHARACTERS,
    # S6: other schemes
    "file:///etc/passwd",
    "file://localhost/etc/passwd",
    "gopher://good.com/",
    "ftp://good.com/a.png",
    "data:image/png;base64,AAAA",
    "dict://good.com:11211/",
    "unix:///run/docker.sock",
    "http+unix://%2Frun%2Fdocker.sock/",
    "javascript:alert(1)",
    "javascript://good.com/%0aalert(1)",
    "httpſ://good.com/",
    "ws://good.com/",
    "url:http://good.com/",
]

BASE = Target(scheme="https", host="example.com", port=443, path="/a/b.png?c=d")

LOCATIONS = [
    ("https://other.example/x", "https://other.example/x"),
    ("http://other.example/x", "http://other.example/x"),
    ("//other.example/x?y", "https://other.example/x?y"),
    ("/x?y#z", "https://example.com/x?y"),
    ("x.png", "https://example.com/a/x.png"),
    ("./x.png", "https://example.com/a/x.png"),
    ("../x.png", "https://example.com/x.png"),
    ("../../../x.png", "https://example.com/x.png"),
    ("?y", "https://example.com/a/b.png?y"),
    ("#z", "https://example.com/a/b.png"),
    ("", "https://example.com/a/b.png"),
    ("猫 1.png", "https://example.com/a/%E7%8C%AB%201.png"),
    ("x/http://127.0.0.1/", "https://example.com/a/x/http://127.0.0.1/"),
]

REFUSED_LOCATIONS = [
    "file:///etc/passwd",
    "data:image/png;base64,AAAA",
    "javascript:alert(1)",
    "http:/x",
    "http:x",
    "///x",
    "//user@other.example/",
    "//0x7f.1/",
    "http://2130706433/",
    "https://example.com:8443/",
    "\\\\other.example\\x",
    "/x\\y",
    "/x\ty",
    "http://",
]


@pytest.mark.parametrize(("text", "scheme", "host", "port", "path", "authority"), TAKEN)
def test_a_plain_address_is_taken_apart(text, scheme, host, port, path, authority):
    target = parse_url(text, ports=PORTS)

    assert target == Target(scheme=scheme, host=host, port=port, path=path)
    assert target.authority == authority


@pytest.mark.parametrize("text", REFUSED)
def test_anything_doubtful_is_refused(text):
    with pytest.raises(BadUrl):
        parse_url(text, ports=PORTS)


@pytest.mark.parametrize(("location", "meant"), LOCATIONS)
def test_a_redirect_is_understood_from_where_it_was_met(location, meant):
    assert parse_location(location, base=BASE, ports=PORTS) == parse_url(meant, ports=PORTS)


@pytest.mark.parametrize("location", REFUSED_LOCATIONS)
def test_a_redirect_is_parsed_as_strictly_as_a_callers_address(location):
    with pytest.raises(BadUrl):
        parse_location(location, base=BASE, ports=PORTS)


def test_a_literal_is_told_from_a_name():
    assert parse_url("http://8.8.8.8/", ports=PORTS).literal == IPv4Address("8.8.8.8")
    assert parse_url("http://[::ffff:7f00:1]/", ports=PORTS).literal == IPv6Address("::ffff:127.0.0.1")
    assert parse_url("http://8.example/", ports=PORTS).literal is None


def test_a_log_sees_no_query():
    assert parse_url("https://example.com/a?token=secret", ports=PORTS).without_query == "https://example.com/a"


def test_ports_are_the_operators_choice(settings):
    settings.FETCH_PORTS = [8443]

    assert parse_url("https://example.com:8443/", ports=settings.FETCH_PORTS).port == 8443
    with pytest.raises(ClosedPort):
        parse_url("https://example.com/", ports=settings.FETCH_PORTS)
    check_url("https://example.com/")  # the form has nothing against it
    with pytest.raises(FetchFailed):
        fetch_picture("https://example.com/", max_bytes=1)


def test_a_form_says_what_an_address_must_be():
    with pytest.raises(BadUrl) as caught:
        check_url("ftp://example.com/a.png")

    error = caught.value
    assert (error.code, error.status, error.is_our_fault) == ("validation_error", 400, False)
    assert error.public_text == "must be a public http or https address."


@given(st.one_of(st.text(max_size=40), st.text(alphabet="htps:/@[]#?\\.%0x1é①。", max_size=30).map("http://".__add__)))
def test_any_text_is_taken_apart_into_plain_ascii_or_refused(text):
    try:
        target = parse_url(text, ports=PORTS)
    except BadUrl:
        return
    assert target.host.isascii() and not set(target.host) & set(" @/\\?#%[]")
    assert (
        target.path.startswith("/") and target.path.isascii() and target.path.isprintable() and " " not in target.path
    )
    assert parse_url(f"{target.scheme}://{target.authority}{target.path}", ports=PORTS) == target
