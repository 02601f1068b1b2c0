"""A customer beside one attacker of each kind is answered. How fast is for `make verify` (tests/verify/attacks.py)."""

from collections.abc import Iterator

import pytest

from tests.attack.attackers import KINDS
from tests.attack.site import Site, running_site

SECONDS = 6


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running_site(tmp_path_factory.mktemp("attack")) as site:
        yield site


@pytest.mark.parametrize("kind", KINDS)
def test_everybody_else_is_answered_beside(site, kind):
    report, endings = site.watch(kind, SECONDS)

    print(f"{kind}: {report} {dict(endings)}")
    assert report.photos.is_all("200"), report.photos.statuses
    assert report.health.is_all("200"), report.health.statuses
    assert report.log_in.is_all("403"), report.log_in.statuses
    assert report.webhook.is_all("200"), report.webhook.statuses
    assert endings.total() >= KINDS[kind].attackers
    if kind == "codec":
        assert set(endings) == {"400"}, "none is still read when the attack ends"
