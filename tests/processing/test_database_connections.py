"""No request holds a database connection while it waits for its body, a fetch, a slot, the model or its reader."""

import io
import math
from contextlib import contextmanager

import pytest
from django.core.cache import cache
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection, transaction
from django.test import Client
from PIL import Image

from processing import services
from processing.database_connections import release_connections
from processing.slots import Slots
from removebg.connection_release import ConnectionRelease
from tests.factories import make_key, make_member, make_organization
from tests.fakes import DiscEngine

pytestmark = pytest.mark.django_db(transaction=True)

ADDRESS = "http://203.0.113.5/photo.png"
BOUNDARY = "boundary"


def is_connected():
    return connection.connection is not None


def photo():
    file = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(file, "PNG")
    return file.getvalue()


@pytest.fixture(autouse=True)
def fresh_counters():
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def held(monkeypatch):
    """Note at each place where a request waits whether it held a connection there."""
    notes = {}

    class NotingEngine(DiscEngine):
        def session(self, model=None, *, at_most_s=math.inf):
            notes["opening a model"] = is_connected()
            session = super().session(model)
            run = session.run

            def run_and_note(*args, **kwargs):
                notes["the model"] = is_connected()
                return run(*args, **kwargs)

            session.run = run_and_note
            return session

    class NotingSlots(Slots):
        @contextmanager
        def acquire(self, *args, **kwargs):
            notes["a slot"] = is_connected()
            with super().acquire(*args, **kwargs):
                yield

    def fetch_and_note(*args, **kwargs):
        notes["a fetch"] = is_connected()
        return photo()

    monkeypatch.setattr(services, "engine", NotingEngine())
    monkeypatch.setattr(services, "image_slots", NotingSlots(places=2, waiting_places=0, wait_s=1))
    monkeypatch.setattr(services, "fetch_picture", fetch_and_note)
    return notes


class NotingBody(io.BytesIO):
    """A body that notes whether a connection is held while it is read."""

    def __init__(self, data, notes):
        super().__init__(data)
        self._notes = notes

    def read(self, size=-1):
        self._notes["the body"] = self._notes.get("the body", False) or is_connected()
        return super().read(size)


def form(**fields):
    """Return a multipart body; bytes are sent as files."""
    parts = []
    for name, value in fields.items():
        is_file = isinstance(value, bytes)
        file_name = '; filename="photo.png"' if is_file else ""
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{file_name}\r\n\r\n'.encode()
        parts.append(head + (value if is_file else value.encode()) + b"\r\n")
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def post(path, body, notes, **headers):
    """POST through Django and the layer around it; return the status, and note whether sending holds a connection."""
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": path,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": f"multipart/form-data; boundary={BOUNDARY}",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": NotingBody(body, notes),
        "wsgi.url_scheme": "http",
        "wsgi.errors": io.StringIO(),
        **{f"HTTP_{name.upper()}": value for name, value in headers.items()},
    }
    statuses = []
    answer = ConnectionRelease(WSGIHandler())(environ, lambda status, _headers: statuses.append(status))
    notes["sending"] = is_connected()
    b"".join(answer)
    answer.close()
    return int(statuses[0].split()[0])


def cookies_of(client):
    return "; ".join(f"{name}={cookie.value}" for name, cookie in client.cookies.items())


@pytest.mark.parametrize("path", ["/v1/remove", "/v1.0/removebg"])
def test_an_upload_with_a_key_holds_no_connection_while_it_waits(held, path):
    key = make_key(make_organization(credits=5)).secret

    status = post(path, form(image_file=photo()), held, x_api_key=key)

    assert status == 200
    assert held == dict.fromkeys(["the body", "opening a model", "a slot", "the model", "sending"], False)


@pytest.mark.parametrize("path", ["/v1/remove", "/v1.0/removebg"])
def test_a_picture_named_by_its_address_is_fetched_without_a_connection(held, path):
    key = make_key(make_organization(credits=5)).secret

    status = post(path, form(image_url=ADDRESS), held, x_api_key=key)

    assert status == 200
    assert held["a fetch"] is False
    assert not any(held.values())


@pytest.mark.parametrize("path", ["/try/remove", "/try/download"])
def test_a_persons_upload_holds_no_connection_while_it_waits(held, path):
    client = Client()
    client.force_login(make_member(make_organization(credits=5)))
    client.get("/try/")
    token = client.cookies["csrftoken"].value

    body = form(csrfmiddlewaretoken=token, image_file=photo())
    status = post(path, body, held, cookie=cookies_of(client), x_csrftoken=token, origin="http://localhost")

    assert status == 200
    assert held["the model"] is False
    assert not any(held.values())


def test_a_preview_holds_no_connection_while_it_waits(held):
    client = Client()
    client.get("/")
    token = client.cookies["csrftoken"].value

    body = form(csrfmiddlewaretoken=token, image_file=photo())
    status = post("/trial/remove", body, held, cookie=cookies_of(client), x_csrftoken=token)

    assert status == 200
    assert held["the model"] is False
    assert not any(held.values())


def test_a_form_and_an_event_of_stripes_hold_no_connection_while_they_arrive(held):
    client = Client()
    client.force_login(make_member(make_organization(credits=5)))
    client.get("/try/")

    for path in ("/account/logout/", "/webhooks/stripe/"):
        post(path, form(next="/"), held, cookie=cookies_of(client))

        assert not any(held.values()), path


def test_a_connection_in_a_transaction_is_kept():
    with transaction.atomic():
        make_organization(credits=5)
        release_connections()
        assert is_connected()
    release_connections()
    assert not is_connected()
