"""The admin has a policy of its own: eval for its scripts, styles in its page. Nothing else, and nowhere else."""

import re

import pytest
from django.core.cache import cache
from django.urls import reverse

from tests.factories import make_member, make_organization, make_staff

pytestmark = pytest.mark.django_db


def policy_of(answer):
    """Return the directives of an answer's policy."""
    parts = [part.split() for part in answer.headers["Content-Security-Policy"].split("; ")]
    return {name: values for name, *values in parts}


@pytest.fixture
def sam(client):
    cache.clear()
    client.force_login(make_staff())


def test_the_admin_may_eval_and_still_loads_nothing_from_elsewhere(client, sam):
    found = policy_of(client.get(reverse("admin:index")))

    assert found.pop("script-src") == ["'self'", "'unsafe-eval'"]
    assert found.pop("style-src") == ["'self'", "'unsafe-inline'"]
    assert found.pop("img-src") == ["'self'", "blob:", "data:"]
    assert set(map(tuple, found.values())) == {("'self'",), ("'none'",)}
    assert found["default-src"] == found["frame-ancestors"] == found["base-uri"] == ["'none'"]


@pytest.mark.parametrize(
    "address", ["/", "/pricing/", "/docs/", "/account/login/", "/nowhere/", "/dashboard/", "/keys/", "/administration/"]
)
def test_no_other_page_may(client, address):
    cache.clear()
    client.force_login(make_member(make_organization()))
    found = policy_of(client.get(address))

    assert found["script-src"] == ["'self'"]
    assert found["style-src"] == ["'self'"]


def test_no_page_of_the_admin_has_a_script_in_it(client, sam):
    for page in (reverse("admin:index"), reverse("admin:billing_order_changelist"), reverse("admin:billing_pack_add")):
        text = client.get(page).content.decode()
        for attributes, inside in re.findall(r"<script([^>]*)>(.*?)</script>", text, re.DOTALL):
            assert 'src="/' in attributes or 'type="application/json"' in attributes, (page, attributes)
            assert "src=" not in attributes or not inside.strip()


def test_who_is_no_staff_is_led_to_the_site_s_own_door(client):
    assert client.get(reverse("admin:index"))["Location"] == "/admin/login/?next=/admin/"
    assert client.get("/admin/login/?next=/admin/")["Location"] == "/account/login/?next=%2Fadmin%2F"
