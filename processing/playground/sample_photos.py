"""Photos of our own for who has none at hand; `python -m deploy.samples` drew them."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy


@dataclass(frozen=True, slots=True)
class SamplePhoto:
    """One of them: its file below the static files, a small copy of it, and what it shows."""

    name: str
    shows: str | Promise

    @property
    def path(self) -> str:
        """Where the photo is, as `static` takes it."""
        return f"site/samples/{self.name}.jpg"

    @property
    def small(self) -> str:
        """Where the small copy is."""
        return f"site/samples/{self.name}-small.jpg"


SAMPLE_PHOTOS = (
    SamplePhoto("mug", gettext_lazy("a mug of coffee")),
    SamplePhoto("plant", gettext_lazy("a potted plant")),
    SamplePhoto("duck", gettext_lazy("a rubber duck")),
)
