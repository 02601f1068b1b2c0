"""What a row may find arranged before it is sent: whose key, how many credits, what the model sees."""

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from accounts import api_keys
from accounts.models import Organization
from billing.selectors import account_of
from processing import services
from processing.api import removal_view
from processing.engine import Engine
from processing.matting.arrays import Matte
from processing.matting.model_catalog import get_model
from processing.matting.session import MattingSession
from processing.slots import InFlight, Slots
from tests.conformance.pictures import PLACES
from tests.conformance.rows import Box
from tests.factories import make_key, make_organization
from tests.processing.matting.fakes import FixedSession

# A small input keeps a row fast; what the network's own size is makes no difference to any fact of the table.
_SIDE = 256
_SOFT = 0.004


class SeeingEngine(Engine):
    """An engine whose model sees the same matte in every picture."""

    def __init__(self, matte: Matte) -> None:
        super().__init__()
        self._matte = matte

    def session(self, model: str | None = None, *, at_most_s: float = math.inf) -> MattingSession:
        session = FixedSession(self._matte)
        session.model = replace(get_model(model or settings.MODEL_NAME), input_size=_SIDE)
        return session


@functools.cache
def ellipse(place: Box) -> Matte:
    """Return the matte of an ellipse that fills this box of a picture of 300 x 200."""
    left, top, width, height = place
    y, x = np.mgrid[:_SIDE, :_SIDE].astype(np.float32) / _SIDE + 0.5 / _SIDE
    across = (x - (left + width / 2) / 300) / (width / 600)
    down = (y - (top + height / 2) / 200) / (height / 400)
    return np.asarray(np.clip((1 - np.hypot(across, down)) * 0.25 / _SOFT + 0.5, 0, 1), np.float32)


@functools.cache
def _even(value: float) -> Matte:
    return np.full((_SIDE, _SIDE), value, np.float32)


@dataclass
class World:
    """One caller before one server."""

    shop: Organization
    secret: str | None
    patch: pytest.MonkeyPatch

    def sees(self, matte: Matte) -> None:
        """Let the model see this in every picture."""
        self.patch.setattr(services, "engine", SeeingEngine(matte))


def ordinary_world(patch: pytest.MonkeyPatch) -> World:
    """Return a shop with ten credits, a key of its own and a model that sees the ellipse."""
    shop = make_organization("Alice's shop", credits=10, plan="pro")
    world = World(shop, make_key(shop).secret, patch)
    world.sees(ellipse(PLACES["subject"]))
    return world


def _sees_off_centre(world: World) -> None:
    world.sees(ellipse(PLACES["off_centre"]))


def _sees_something_tall(world: World) -> None:
    world.sees(ellipse(PLACES["tall"]))


def _sees_nothing(world: World) -> None:
    world.sees(_even(0))


def _sees_subject_everywhere(world: World) -> None:
    world.sees(_even(1))


def _has_no_key(world: World) -> None:
    world.secret = None


def _has_a_wrong_key(world: World) -> None:
    world.secret = "rb_live_" + "a" * 38


def _has_a_revoked_key(world: World) -> None:
    issued = make_key(world.shop)
    api_keys.revoke(issued.api_key)
    world.secret = issued.secret


def _is_suspended(world: World) -> None:
    world.shop.suspended_at = timezone.now()
    world.shop.save()


def _comes_over_plain_http(world: World) -> None:
    world.patch.setattr(settings, "SECURE_SSL_REDIRECT", True)


def _may_only_read(world: World) -> None:
    world.secret = make_key(world.shop, scopes=["account:read"]).secret


def _may_only_remove(world: World) -> None:
    world.secret = make_key(world.shop, scopes=["remove"]).secret


def _has_no_credits(world: World) -> None:
    account = account_of(world.shop)
    type(account).objects.filter(pk=account.pk).update(held=10)


def _is_over_the_rate(world: World) -> None:
    account = account_of(world.shop)
    account.plan.requests_per_minute = account.plan.megapixels_per_minute = 1
    account.plan.save()
    for path in ("/v1/remove", "/v1.0/removebg"):
        Client().post(path, headers={"x-api-key": str(world.secret)})


def _finds_all_slots_taken(world: World) -> None:
    world.patch.setattr(services, "image_slots", Slots(places=0, waiting_places=0, wait_s=9))


def _has_its_plans_share_in_work(world: World) -> None:
    crowd = InFlight()
    world.patch.setattr(removal_view, "in_flight", crowd)
    account = account_of(world.shop)
    crowd._counts[world.shop.pk] = account.plan.max_concurrency


def _chose_megapixels(world: World) -> None:
    from processing.models import SizeVocabulary

    SizeVocabulary.objects.create(organization=world.shop, vocabulary="megapixels")


WORLDS: dict[str, Callable[[World], None]] = {
    "ordinary": lambda world: None,
    "the subject is off centre": _sees_off_centre,
    "the subject is tall": _sees_something_tall,
    "there is no subject": _sees_nothing,
    "all is subject": _sees_subject_everywhere,
    "no key": _has_no_key,
    "a wrong key": _has_a_wrong_key,
    "a revoked key": _has_a_revoked_key,
    "a suspended organization": _is_suspended,
    "a key that may only read the account": _may_only_read,
    "a key that may only remove": _may_only_remove,
    "no credits left": _has_no_credits,
    "over the rate": _is_over_the_rate,
    "plain HTTP in production": _comes_over_plain_http,
    "all slots taken": _finds_all_slots_taken,
    "as many in work as the plan allows": _has_its_plans_share_in_work,
    "megapixel vocabulary": _chose_megapixels,
}
