"""Which mail addresses are one mailbox, and which hosts belong to one owner."""

import pytest

from billing.mail_domains import mailbox_of, owned_domain_of


@pytest.mark.parametrize(
    ("address", "mailbox"),
    [
        ("nina+shop@example.com", "nina@example.com"),
        ("Nina.K+x@googlemail.com", "ninak@gmail.com"),
        ("nina@me.com", "nina@icloud.com"),
        ("nina@mac.com", "nina@icloud.com"),
        ("nina-k_x.y@pm.me", "ninakxy@proton.me"),
        ("nina-shop@yahoo.com", "nina@yahoo.com"),
        ("nina-k@ya.ru", "nina.k@yandex.ru"),
        ("nina-k@example.com", "nina-k@example.com"),
        ("nina.k@example.com", "nina.k@example.com"),
        ("nina@bücher.example", "nina@xn--bcher-kva.example"),
    ],
)
def test_aliases_are_one_mailbox(address, mailbox):
    assert mailbox_of(address) == mailbox


@pytest.mark.parametrize(
    ("address", "domain"),
    [
        ("a@example.com", "example.com"),
        ("a@mail.example.com", "example.com"),
        ("a@deep.mail.example.co.uk", "example.co.uk"),
        ("a@example.com.au", "example.com.au"),
        ("a@com.example", "com.example"),
        ("a@x.co.de", "x.co.de"),
        ("a@bücher.de", "xn--bcher-kva.de"),
        ("a@nina.fastmail.com", "fastmail.com"),
    ],
)
def test_subdomains_count_for_the_registered_domain(address, domain):
    assert owned_domain_of(address) == domain


@pytest.mark.parametrize("host", ["gmail.com", "Outlook.com", "yahoo.co.uk", "icloud.com", "web.de", "qq.com"])
def test_a_large_provider_is_no_owner(host):
    assert owned_domain_of(f"a@{host}") is None
