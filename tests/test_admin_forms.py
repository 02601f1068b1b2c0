"""Every form of the admin is opened and saved once, with the values that its page shows."""

from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.models import Group
from django.test import RequestFactory
from django.urls import reverse

from accounts.models import ApiKey, Organization, User
from billing.models import CreditAccount, Plan
from billing.order_models import Pack
from processing.models import ModelChoice, SizeVocabulary
from tests.factories import make_account, make_key, make_member, make_organization, make_pack, make_staff
from tests.rendered_form import RenderedForm

pytestmark = pytest.mark.django_db
PASSWORD = "one more long password"

STORED: dict[type, Callable[[], Any]] = {
    User: lambda: make_member(make_organization()),
    ApiKey: lambda: make_key(make_organization(), allowed_networks=["192.0.2.0/24"]).api_key,
    Organization: make_organization,
    Pack: make_pack,
    Plan: lambda: Plan.objects.get(slug="pro"),
    CreditAccount: make_account,
    ModelChoice: lambda: ModelChoice.objects.create(organization=make_organization(), model="u2netp"),
    SizeVocabulary: lambda: SizeVocabulary.objects.create(organization=make_organization(), vocabulary="megapixels"),
    Authenticator: lambda: Authenticator.objects.create(user=make_member(make_organization()), type="totp", data={}),
    Group: lambda: Group.objects.create(name="Support"),
}
"""A row of each model that the admin changes."""

TYPED: dict[type, Callable[[], dict[str, Any]]] = {
    User: lambda: {"email": "new@example.com", "password1": PASSWORD, "password2": PASSWORD},
    ApiKey: lambda: {"organization": make_organization().pk, "name": "Server"},
    Organization: lambda: {"name": "Bob's shop"},
    Pack: lambda: {"name": "20 credits", "credits": 20},
    Plan: lambda: {
        "name": "Team",
        "slug": "team",
        "requests_per_minute": 60,
        "requests_per_second": 2,
        "max_concurrency": 4,
    },
    ModelChoice: lambda: {"organization": make_organization().pk, "model": "u2netp"},
    SizeVocabulary: lambda: {"organization": make_organization().pk, "vocabulary": "megapixels"},
    Group: lambda: {"name": "Support"},
}
"""What somebody types into the empty form of each model that the admin adds."""

MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)


@pytest.fixture
def sam(client, settings):
    settings.ALLOWED_MODELS = [settings.MODEL_NAME, "u2netp"]
    sam = make_staff()
    client.force_login(sam)
    return sam


def permits(sam, model, what):
    request = RequestFactory().get("/admin/")
    request.user = sam
    return getattr(admin.site._registry[model], f"has_{what}_permission")(request)


def page_of(model, what, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{what}", args=args)


def sent_back(client, address, model, typed=None):
    page = client.get(address)
    assert page.status_code == 200
    form = RenderedForm(page.content.decode(), f"{model._meta.model_name}_form")
    assert set(typed or {}) <= form.names, "the page has no such field"
    return client.post(address, {**form.fields, **(typed or {})})


def faults_of(answer):
    if answer.context is None or "adminform" not in answer.context:
        return answer.status_code
    return answer.context["errors"]


def values_of(row):
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_a_stored_row_is_saved_unchanged_or_not_at_all(client, sam, model):
    if not permits(sam, model, "change"):
        assert client.post(page_of(model, "change", 1), {}).status_code == 403
        return
    row = STORED[model]()
    row.refresh_from_db()
    before = values_of(row)

    answer = sent_back(client, page_of(model, "change", row.pk), model)

    assert answer.status_code == 302, faults_of(answer)
    assert values_of(model.objects.get(pk=row.pk)) == before


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_a_row_is_added_or_refused(client, sam, model):
    if not permits(sam, model, "add"):
        assert client.post(page_of(model, "add"), {}).status_code == 403
        return
    before = set(model.objects.values_list("pk", flat=True))

    answer = sent_back(client, page_of(model, "add"), model, TYPED[model]())

    added = model.objects.exclude(pk__in=before)
    assert added.count() == 1, faults_of(answer)
    assert answer.status_code == 302 or model is ApiKey, "a new key is shown instead"


def test_every_field_of_a_person_can_be_changed(client, sam):
    person = make_member(make_organization())
    typed = {"first_name": "Ann", "last_name": "Lee", "email": "ann@example.com", "language": "de", "is_staff": "on"}

    answer = sent_back(client, page_of(User, "change", person.pk), User, typed)
    person.refresh_from_db()

    assert answer.status_code == 302, faults_of(answer)
    assert (person.first_name, person.last_name, person.language, person.is_staff) == ("Ann", "Lee", "de", True)
    assert list(EmailAddress.objects.filter(user=person).values_list("email", "primary", "verified")) == [
        ("ann@example.com", True, True)
    ]
