"""The site as an app: its checks and commands."""

from django.apps import AppConfig


class SiteConfig(AppConfig):
    """Registers the site's checks."""

    name = "removebg"

    def ready(self) -> None:
        """Let Django find the checks."""
        from removebg import checks  # noqa: F401
