"""Certificates and names are verified, against the name that was asked for."""

import socket
import ssl

import pytest

from processing.fetching import connecting
from tests.processing.fetching.conftest import failure_of, fetch
from tests.processing.fetching.servers import serving, trusting_us_alone, whole

LOOPBACK = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0))]


@pytest.fixture
def every_name_is_here(monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: LOOPBACK)


@pytest.fixture
def trusted(monkeypatch):
    """Trust the test's own authority, and nobody else."""
    monkeypatch.setattr(connecting, "_tls", trusting_us_alone)


def test_a_certificate_that_nobody_vouches_for_is_refused(open_to, every_name_is_here):
    with serving(whole(b"picture"), tls=True) as server:
        open_to(server)
        assert "CERTIFICATE_VERIFY_FAILED" in failure_of(server.url(host="pictures.test", scheme="https"))

    assert server.requests == []


def test_a_trusted_certificate_serves_the_name_that_it_is_for(open_to, every_name_is_here, trusted):
    with serving(whole(b"picture"), tls=True) as server:
        open_to(server)
        assert fetch(server.url(host="pictures.test", scheme="https")) == b"picture"
        assert "mismatch" in failure_of(server.url(host="other.test", scheme="https"))
        assert "mismatch" in failure_of(server.url(host="127.0.0.1", scheme="https"))

    assert f"Host: pictures.test:{server.port}".encode() in server.requests[0]
    assert len(server.requests) == 1


def test_plain_http_where_tls_is_spoken_is_a_failure_like_any_other(open_to):
    with serving(whole(b"picture"), tls=True) as server:
        open_to(server)
        failure_of(server.url())


def test_a_fetched_picture_is_verified_against_public_roots():
    context = connecting._tls()

    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.cert_store_stats()["x509_ca"] > 50
