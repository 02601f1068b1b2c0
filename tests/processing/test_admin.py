"""What whoever runs the server sees of models and gives to organizations."""

import pytest
from django.urls import reverse

from accounts.models import User
from processing import admin, forms
from processing.engine import Engine
from processing.matting.model_catalog import CATALOG, get_model
from processing.models import ModelChoice
from processing.selectors import model_of
from tests.factories import make_member, make_organization, make_staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop():
    organization = make_organization("Alice's shop")
    make_member(organization)
    return organization


@pytest.fixture
def sam(client):
    client.force_login(make_staff())


def test_the_page_of_models_says_what_is_loaded_and_runs_where(client, sam, monkeypatch):
    engine = Engine()
    monkeypatch.setattr(admin, "engine", engine)
    before = client.get(reverse("admin:processing_models")).content.decode()
    digest = get_model("isnet-general-use").artifacts[0].digest
    assert "loading" in before
    engine.session()

    after = client.get(reverse("admin:processing_models")).content.decode()

    assert "ready" in after
    assert f"fp16, {digest[:12]}…, on {engine.status().provider}" in after


def test_an_organization_is_given_one_of_the_allowed_models(client, sam, shop, settings):
    settings.ALLOWED_MODELS = ["isnet-general-use", "u2netp"]
    page = reverse("admin:processing_modelchoice_add")

    refused = client.post(page, {"organization": shop.pk, "model": "silueta"})
    assert b"Select a valid choice" in refused.content
    client.post(page, {"organization": shop.pk, "model": "u2netp"})

    assert model_of(shop.pk) == "u2netp"
    assert b"Alice&#x27;s shop" in client.get(reverse("admin:processing_modelchoice_changelist")).content


@pytest.fixture
def only_u2netp_is_here(settings, tmp_path, monkeypatch):
    settings.ALLOWED_MODELS = ["isnet-general-use", "u2netp", "silueta"]
    artifact = get_model("u2netp").artifacts[0]
    (tmp_path / artifact.file_name).symlink_to(settings.MODEL_CACHE_DIR / artifact.file_name)
    settings.MODEL_CACHE_DIR = tmp_path
    engine = Engine()
    monkeypatch.setattr(admin, "engine", engine)
    monkeypatch.setattr(forms, "engine", engine)


def test_the_choices_say_how_each_model_stands_and_whether_it_may_earn_money(client, sam, only_u2netp_is_here):
    shown = client.get(reverse("admin:processing_modelchoice_add")).content.decode()

    assert "u2netp (closed; Apache-2.0)" in shown
    assert "silueta (missing; no commercial use)" in shown


def test_whoever_gives_a_model_that_is_missing_is_warned(client, sam, shop, only_u2netp_is_here):
    page = reverse("admin:processing_modelchoice_add")

    warned = client.post(page, {"organization": shop.pk, "model": "silueta"}, follow=True).content.decode()
    change = reverse("admin:processing_modelchoice_change", args=[shop.pk])
    content = client.post(change, {"model": "u2netp"}, follow=True).content.decode()

    assert "The model silueta is missing on this server" in warned
    assert "fetch_model silueta" in warned
    assert model_of(shop.pk) == "u2netp"
    assert "on this server" not in content


def test_a_choice_that_is_allowed_no_more_gives_way_to_the_default_and_is_shown_so(client, sam, shop, settings):
    settings.ALLOWED_MODELS = ["isnet-general-use"]
    ModelChoice.objects.create(organization=shop, model="u2netp")

    assert model_of(shop.pk) == "isnet-general-use"
    assert b'title="False"' in client.get(reverse("admin:processing_modelchoice_changelist")).content


def test_without_a_choice_the_default_works(shop, settings):
    assert model_of(shop.pk) == settings.MODEL_NAME


def test_the_page_of_models_names_each_ones_licence_and_use(client, sam):
    shown = client.get(reverse("admin:processing_models")).content.decode()

    for row in CATALOG.values():
        assert row.name in shown
        assert row.licence_url in shown
        assert row.origin in shown
    assert shown.count("not allowed") == sum(not row.allows_commercial_use for row in CATALOG.values())
    assert (
        reverse("admin:processing_models")
        in client.get(reverse("admin:processing_modelchoice_changelist")).content.decode()
    )


@pytest.mark.parametrize("page", ["admin:processing_models", "admin:processing_modelchoice_changelist"])
def test_others_are_sent_away(client, shop, page):
    assert client.get(reverse(page)).headers["Location"].startswith("/admin/login/")
    client.force_login(User.objects.get(email="alice@example.com"))
    assert client.get(reverse(page)).headers["Location"].startswith("/admin/login/")


def test_staff_without_the_permission_do_not_see_models(client, shop):
    staff = User.objects.get(email="alice@example.com")
    staff.is_staff = True
    staff.save()
    client.force_login(staff)

    assert client.get(reverse("admin:processing_models")).status_code == 403
