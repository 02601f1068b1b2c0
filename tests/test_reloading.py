"""Whatever address a browser stands at after a form was sent, its reload and its log-in lead to a page.

Who sends a form after the session has ended is led back to the form's own address by the log-in, as a plain visit.
"""

import pytest
from django.test import Client

from tests.test_page_permissions import ROUTES, World, world  # noqa: F401 - the fixture

pytestmark = pytest.mark.django_db

FOR_SCRIPTS = {"try-remove", "trial-remove", "google_login_by_token", "stripe-webhook"}
"""Scripts send to these, and no browser ever shows them."""


@pytest.mark.parametrize("who", ["owner", "stranger"])
def test_every_address_of_the_site_answers_a_visit(world, who):  # noqa: F811
    client = Client()
    if who == "owner":
        client.force_login(world.people["owner"])

    answers = {name: client.get(world.address_of(route)) for name, route in ROUTES.items()}
    for answer in answers.values():
        answer.getvalue()  # a file that is sent is closed at its end
    refused = {name for name, answer in answers.items() if answer.status_code == 405}

    assert refused - FOR_SCRIPTS == set()


def test_a_refused_invitation_s_address_leads_back_to_the_people(world):  # noqa: F811
    client = Client()
    client.force_login(world.people["owner"])
    refused = client.post("/people/invite/", {"email": "no address", "role": "member"})

    visited = client.get(refused.request["PATH_INFO"], follow=True)

    assert refused.status_code == 200
    assert b"no address" in refused.content
    assert (visited.status_code, visited.redirect_chain) == (200, [("/people/", 302)])


def test_who_logs_in_after_sending_a_form_too_late_lands_on_a_page(world):  # noqa: F811
    client = Client()
    too_late = client.post(f"/people/invitations/{world.shop.invitations.get().pk}/withdraw/")
    assert too_late["Location"].startswith("/account/login/?next=/people/invitations/")
    client.force_login(world.people["owner"])

    landed = client.get(too_late["Location"].split("next=")[1], follow=True)

    assert (landed.status_code, landed.redirect_chain) == (200, [("/people/", 302)])
    assert world.shop.invitations.count() == 1, "a visit withdraws nothing"
