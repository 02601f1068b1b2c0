"""Answers that nobody between us and the person may keep, and their browser neither."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http.response import HttpResponseBase
from django.utils.cache import patch_cache_control


def never_kept(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Mark every answer of the view `private, no-store`."""

    @wraps(view)
    def marked(*args: Any, **kwargs: Any) -> HttpResponseBase:
        answer = view(*args, **kwargs)
        patch_cache_control(answer, private=True, no_store=True)
        return answer

    return marked
