"""People who come with an account elsewhere: welcomed like others where it vouches for their address."""

import pytest

from tests.billing.shared_database import run_child, shared_database


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch, shared_database(tmp_path_factory.mktemp("social")) as url:
        patch.setenv("GOOGLE_CLIENT_ID", "id")
        patch.setenv("GOOGLE_CLIENT_SECRET", "secret")
        return run_child("tests.billing.social_child", url)


def test_there_is_a_button_for_what_is_configured_and_its_page_is_a_target_of_forms(report):
    assert report["buttons"] == 1
    assert "https://accounts.google.com" in report["policy"]


def test_without_keys_there_is_no_button(client, db):
    page = client.get("/account/login/")

    assert b"Continue with" not in page.content
    assert "google" not in page.headers["Content-Security-Policy"]


def test_a_verified_address_is_welcomed_with_credits(report):
    assert report["vera"] == [["vera's organization", "owner", 50]]
    assert report["landed"] in ("/dashboard/", "/try/")


def test_the_security_log_names_an_account_elsewhere_as_the_factor(report):
    assert report["vera's log-in"] == [["logged_in", "social"]]


def test_an_address_that_nobody_verified_waits_for_its_code(report):
    assert report["una"] == []


def test_where_sign_up_is_closed_only_the_invited_address_comes_in(report):
    assert report["stranger"] is None
    assert report["mallory"] is None
    assert report["ivan"] == [["Alice's shop", "member", 10]]


def test_who_signed_up_with_somebody_else_s_address_before_has_no_password_into_it(report):
    assert report["squatter has a password"] is False
    assert (report["sue"], report["squatted lands"]) == ([], "/account/confirm-email/"), "the code comes first"
