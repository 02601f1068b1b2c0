"""S7, S10 to S14 over live connections: redirects, caps, framing, and one wording for all failures."""

import re
import socket
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processing.fetching.deadline import FetchDeadline
from processing.fetching.errors import FetchFailed, Refused
from processing.fetching.exchange import SLACK_BYTES, Redirect, ask
from processing.fetching.fetcher import NETWORK_FAILURES
from processing.fetching.urls import Target
from processing.matting.decode import open_file
from processing.matting.errors import ImageTooLarge, UnreadableImage
from processing.services import decode_limits
from tests.processing.fetching.conftest import MAX_BYTES, failure_of, fetch
from tests.processing.fetching.servers import chunked, head, path_of, raw, redirect, serving, whole

PICTURE = bytes(range(256)) * 100


def answering(pages):
    """Answer each path with its bytes."""

    def answer(connection, request):
        connection.sendall(pages[path_of(request)])

    return answer


@pytest.fixture
def received(monkeypatch):
    """Count what the fetcher takes from its sockets (the servers here use recv)."""
    taken = []
    receive = socket.socket.recv_into

    def counting(self, *args):
        n_bytes = receive(self, *args)
        taken.append(n_bytes)
        return n_bytes

    monkeypatch.setattr(socket.socket, "recv_into", counting)
    return taken


def test_a_picture_is_fetched(open_to):
    with serving(whole(PICTURE, "Content-Type: image/png")) as server:
        open_to(server)
        assert fetch(server.url()) == PICTURE


def test_the_request_says_who_asks_and_what_for_and_nothing_of_the_caller(open_to, settings):
    settings.PRODUCT_NAME = "Cut it\r\nout"
    with serving(whole(PICTURE)) as server:
        open_to(server)
        fetch(server.url("/a b.png?c=ü#d", host="LocalHost"))

    assert server.requests[0].decode().split("\r\n") == [
        "GET /a%20b.png?c=%C3%BC HTTP/1.1",
        f"Host: localhost:{server.port}",
        "User-Agent: Cut-it-out/1.0 (fetches pictures that its users name)",
        "Accept: image/*, */*;q=0.5",
        "Accept-Encoding: identity",
        "Connection: close",
        "",
        "",
    ]


@pytest.mark.parametrize("chunk_bytes", [7, 1000, MAX_BYTES])
def test_a_chunked_body_is_put_together(open_to, chunk_bytes):
    with serving(
        raw(head("200 OK", "Transfer-Encoding: chunked"), chunked(PICTURE, chunk_bytes=chunk_bytes))
    ) as server:
        open_to(server)
        assert fetch(server.url()) == PICTURE


def test_a_body_without_a_length_ends_with_the_connection(open_to):
    with serving(raw(b"HTTP/1.0 200 OK\r\n\r\n", PICTURE)) as server:
        open_to(server)
        assert fetch(server.url()) == PICTURE


def test_an_answer_after_an_early_hint_counts(open_to):
    with serving(raw(head("100 Continue"), head("200 OK", "Content-Length: 2"), b"ok")) as server:
        open_to(server)
        assert fetch(server.url()) == b"ok"


@pytest.mark.parametrize(
    "coding",
    ["Identity", "", "aws-chunked", "none", "binary", "utf-8", "UTF8", "8bit", "image/png", "identity, aws-chunked"],
)
def test_a_coding_that_names_no_compression_changes_nothing(open_to, coding):
    with serving(whole(PICTURE, f"Content-Encoding: {coding}")) as server:
        open_to(server)
        assert fetch(server.url()) == PICTURE


@pytest.mark.parametrize("framing", ["identity", "Identity", ""])
def test_a_transfer_coding_that_changes_nothing_is_ignored(open_to, framing):
    with serving(whole(PICTURE, f"Transfer-Encoding: {framing}")) as server:
        open_to(server)
        assert fetch(server.url()) == PICTURE


@pytest.mark.parametrize("interim", ["100 Continue", "102 Processing", "103 Early Hints", "199 Wait"])
def test_interim_answers_are_skipped(open_to, interim):
    early = head(interim, "Link: </style.css>; rel=preload", "Content-Length: 7")
    with serving(raw(early, early, head("200 OK", f"Content-Length: {len(PICTURE)}"), PICTURE)) as server:
        open_to(server)
        assert fetch(server.url()) == PICTURE


def test_endless_interim_answers_end(open_to):
    with serving(raw(head("103 Early Hints", "A: " + "b" * 1000) * 1000)) as server:
        open_to(server)
        assert "headers are too long" in failure_of(server.url())


def test_a_transformed_answer_counts(open_to):
    with serving(raw(head("203 Non-Authoritative Information", "Content-Length: 2"), b"ok")) as server:
        open_to(server)
        assert fetch(server.url()) == b"ok"


@pytest.mark.parametrize("framing", ["Content-Length: 5", "X: y"])
def test_a_range_that_is_the_whole_counts(open_to, framing):
    with serving(raw(head("206 Partial Content", "Content-Range: Bytes 0-4/5", framing), b"whole")) as server:
        open_to(server)
        assert fetch(server.url()) == b"whole"


@pytest.mark.parametrize(
    "content_range",
    ["bytes 0-4/6", "bytes 1-5/6", "bytes 0-5/6", "bytes 0-3/4", "bytes 0-4/*", "bytes */5", "", "items 0-4/5"],
)
def test_a_range_that_is_a_part_is_refused(open_to, content_range):
    answer = head("206 Partial Content", f"Content-Range: {content_range}", "Content-Length: 5") + b"whole"
    with serving(raw(answer)) as server:
        open_to(server)
        assert "206" in failure_of(server.url())


@pytest.mark.parametrize("coding", ["gzip", "X-GZIP", "br", "deflate", "zstd", "compress", "aws-chunked, gzip"])
def test_a_compressed_body_is_refused_in_words_that_say_so(open_to, coding):
    with serving(whole(PICTURE, f"Content-Encoding: {coding}")) as server:
        open_to(server)
        assert "compressed" in failure_of(server.url())

    assert "uncompressed" in FetchFailed.public_text


# --- S13 -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (head("204 No Content"), "204"),
        (head("206 Partial Content", "Content-Length: 2") + b"ok", "206"),
        (head("304 Not Modified"), "304"),
        (head("300 Multiple Choices", "Location: /x", "Content-Length: 2") + b"ok", "300"),
        (head("401 Unauthorized", "Content-Length: 2") + b"ok", "401"),
        (head("404 Not Found", "Content-Length: 9") + b"not found", "404"),
        (head("500 Oops", "Content-Length: 2") + b"ok", "500"),
        (head("200 OK", "Content-Length: 0"), "empty"),
        (head("200 OK"), "empty"),
        (head("200 OK", "Transfer-Encoding: chunked") + b"0\r\n\r\n", "empty"),
        (head("302 Found", "Content-Length: 0"), "nowhere"),
        (head("302 Found", "Location: /a", "Location: /b"), "several"),
        (b"HTTP/1.1 302 Found\r\nLocation: /\xff\r\n\r\n", "UnicodeDecodeError"),
        (b"", "without response"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "BadStatusLine"),
        (b"\x00\xff" * 200, "BadStatusLine"),
        (b"HTTP/1.1 abc OK\r\n\r\n", "BadStatusLine"),
        (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 500 + b"\r\nok", "HTTPException"),
        (b"HTTP/1.1 200 OK\r\nA: " + b"b" * 70_000 + b"\r\n\r\nok", "too long|LineTooLong"),
        (head("200 OK", "Content-Length: 100") + b"short", "95 bytes early"),
        (head("200 OK", "Content-Length: -1") + b"ok", "not a number"),
        (head("200 OK", "Content-Length: +2") + b"ok", "not a number"),
        (head("200 OK", "Content-Length: 0x2") + b"ok", "not a number"),
        (head("200 OK", "Content-Length: two") + b"ok", "not a number"),
        (head("200 OK", "Content-Length: 2", "Content-Length: 3") + b"ok", "not a number"),
        (head("200 OK", "Transfer-Encoding: gzip, chunked") + chunked(b"ok", chunk_bytes=2), "unknown way"),
        (head("200 OK", "Transfer-Encoding: chunked") + b"5\r\nshort", "IncompleteRead"),
        (head("200 OK", "Transfer-Encoding: chunked") + b"zz\r\nok\r\n", "IncompleteRead"),
        (head("200 OK", "Content-Encoding: gzip", "Content-Length: 2") + b"ok", "compressed"),
        (head("200 OK", "Content-Encoding: br", "Content-Length: 2") + b"ok", "compressed"),
        (head("200 OK", "Content-Encoding: identity, gzip", "Content-Length: 2") + b"ok", "compressed"),
        (head("200 OK", "Content-Encoding: identity", "Content-Encoding: gzip", "Content-Length: 2") + b"ok", "compr"),
    ],
)
def test_anything_but_a_whole_picture_is_the_same_failure(open_to, fetch_log, answer, reason):
    with serving(raw(answer)) as server:
        open_to(server)
        cause = failure_of(server.url("/p?token=secret"))

    (record,) = fetch_log.records
    assert record.getMessage() == "fetch_refused"
    assert record.url == server.url("/p")
    assert any(word in cause + record.reason for word in reason.split("|"))


def test_nobody_listening_and_no_such_name_read_like_a_404(open_to):
    with serving(raw(b"")) as server:
        open_to(server)
    assert "no connection" in failure_of(server.url())
    assert "no address" in failure_of(server.url(host="no-such-name.invalid"))


def test_a_login_page_is_no_picture_and_is_never_repeated_to_the_caller(open_to):
    page = b"<!doctype html><title>Sign in to the intranet</title>"
    with serving(whole(page, "Content-Type: text/html")) as server:
        open_to(server)
        data = fetch(server.url())

    with pytest.raises(UnreadableImage) as caught:
        open_file(data, decode_limits())
    assert "intranet" not in f"{caught.value.public_text} {caught.value.details}"


# --- S7 --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["301 A", "302 B", "303 C", "307 D", "308 E"])
def test_a_redirect_is_followed(open_to, status):
    pages = {"/a/b": redirect("../猫.png?x", status), "/%E7%8C%AB.png?x": head("200 OK") + PICTURE}
    with serving(answering(pages)) as server:
        open_to(server)
        assert fetch(server.url("/a/b")) == PICTURE


def test_three_redirects_are_followed_and_no_more(open_to):
    pages = {f"/{n}": redirect(f"/{n + 1}") for n in range(20)}
    pages["/20"] = head("200 OK") + PICTURE
    with serving(answering(pages)) as server:
        open_to(server)
        assert fetch(server.url("/17")) == PICTURE
        del server.requests[:]
        failure_of(server.url("/16"))
        assert [path_of(request) for request in server.requests] == ["/16", "/17", "/18", "/19"]


def test_a_loop_ends(open_to, fetch_log):
    with serving(answering({"/a": redirect("/b"), "/b": redirect("/a")})) as server:
        open_to(server)
        failure_of(server.url("/a"))

    assert len(server.requests) == 4
    assert fetch_log.records[0].reason == "too many redirects"


def test_redirects_may_be_switched_off(open_to, settings):
    settings.FETCH_MAX_REDIRECTS = 0
    with serving(answering({"/a": redirect("/b")})) as server:
        open_to(server)
        failure_of(server.url("/a"))

    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "location",
    [
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "data:image/png;base64,AAAA",
        "http://127.0.0.1:1/",
        "http://127.0.0.1:22/",
        "http://2130706433/",
        "http://user@127.0.0.1/",
        "//",
        "http://",
    ],
)
def test_a_redirect_to_another_scheme_port_or_spelling_goes_nowhere(open_to, location):
    with serving(answering({"/a": redirect(location)})) as server:
        open_to(server)
        assert re.match("BadUrl|ClosedPort", failure_of(server.url("/a")))

    assert len(server.requests) == 1


def test_a_redirect_to_an_address_that_may_not_be_asked_asks_nobody(open_to):
    with serving(whole(b"secret"), host="127.0.0.2") as inside:
        hop = answering({"/a": redirect(inside.url()), "/b": redirect(inside.url(host="127.0.0.2"))})
        with serving(hop) as server:
            open_to(server, inside)
            assert "not a public address" in failure_of(server.url("/a"))
            assert "not a public address" in failure_of(server.url("/b"))

    assert inside.requests == []


# --- S10 -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        head("200 OK", f"Content-Length: {MAX_BYTES}") + b"x" * MAX_BYTES,
        head("200 OK") + b"x" * MAX_BYTES,
        head("200 OK", "Transfer-Encoding: chunked") + chunked(b"x" * MAX_BYTES, chunk_bytes=512),
    ],
)
def test_a_picture_as_large_as_allowed_is_fetched(open_to, answer):
    with serving(raw(answer)) as server:
        open_to(server)
        assert fetch(server.url()) == b"x" * MAX_BYTES


def test_a_body_announced_over_the_cap_is_refused_before_it_is_sent(open_to):
    finished = threading.Event()

    def announce(connection, request):
        connection.sendall(head("200 OK", f"Content-Length: {MAX_BYTES + 1}"))
        finished.wait(5)

    with serving(announce) as server:
        open_to(server)
        with pytest.raises(ImageTooLarge) as caught:
            fetch(server.url())
        finished.set()

    limit = f"{MAX_BYTES / 1024**2:g} MB"
    assert caught.value.public_text == f"The image is larger than {limit}, the most one image may have."


@pytest.mark.parametrize(
    ("start", "more"),
    [
        (head("200 OK"), b"x" * 65536),
        (head("200 OK", "Transfer-Encoding: chunked"), b"10000\r\n" + b"x" * 65536 + b"\r\n"),
        (head("200 OK", "Transfer-Encoding: chunked"), b"1\r\nx\r\n" * 10_000),
        (head("200 OK", "Transfer-Encoding: chunked") + b"1;" + b"a" * 60_000, b"\r\nx\r\n1"),
        (
            head("200 OK", "Transfer-Encoding: chunked", f"Content-Length: {MAX_BYTES}"),
            b"400\r\n" + b"x" * 1024 + b"\r\n",
        ),
    ],
)
def test_an_endless_body_is_read_to_the_cap_and_a_little(open_to, received, start, more):
    def pour(connection, request):
        connection.sendall(start)
        while True:
            connection.sendall(more)

    with serving(pour) as server:
        open_to(server)
        with pytest.raises(ImageTooLarge):
            fetch(server.url())

    assert sum(received) <= MAX_BYTES + SLACK_BYTES


def test_endless_headers_are_read_no_further_than_headers_may_be_long(open_to, received):
    def pour(connection, request):
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while True:
            connection.sendall(b"X-Header: " + b"x" * 8000 + b"\r\n")

    with serving(pour) as server:
        open_to(server)
        assert "headers are too long" in failure_of(server.url())

    assert sum(received) <= SLACK_BYTES


def test_what_follows_the_announced_length_is_left_alone(open_to):
    with serving(raw(head("200 OK", "Content-Length: 2"), b"ok", b"x" * 1000)) as server:
        open_to(server)
        assert fetch(server.url()) == b"ok"


# --- S14 -------------------------------------------------------------------------------------------------------


def test_proxies_of_the_environment_are_not_used(open_to, monkeypatch):
    with serving(whole(b"from the proxy")) as proxy, serving(whole(PICTURE)) as server:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        monkeypatch.delenv("no_proxy", raising=False)
        open_to(server, proxy)
        assert fetch(server.url()) == PICTURE

    assert proxy.requests == []


# --- and whatever else may come --------------------------------------------------------------------------------

PIECES = st.sampled_from(
    [
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 302 Found\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"Location: /a\r\n",
        b"Location: \xff\xfe\r\n",
        b"Content-Length: 3\r\n",
        b"Content-Length: \xb2\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Content-Encoding: \r\n",
        b"\r\n",
        b"3\r\nabc\r\n",
        b"-1\r\n",
        b"0\r\n\r\n",
        b": \r\n",
        b" folded\r\n",
        b"\x00",
    ]
)


@given(st.lists(PIECES | st.binary(max_size=20), max_size=12))
def test_whatever_a_server_sends_is_a_picture_a_redirect_or_a_foreseen_failure(pieces):
    ours, theirs = socket.socketpair()
    target = Target(scheme="http", host="example.com", port=80, path="/")
    with ours, theirs:
        theirs.sendall(b"".join(pieces))
        theirs.shutdown(socket.SHUT_WR)
        try:
            answer = ask(target, ours, max_bytes=1000, deadline=FetchDeadline.after(5))
        except (Refused, ImageTooLarge, *NETWORK_FAILURES):
            return
    assert isinstance(answer, Redirect) or answer
