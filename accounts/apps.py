"""Who is calling: people, organizations and their API keys."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People, organizations and keys."""

    name = "accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        """Listen for who logs in."""
        from accounts import languages, security_signals  # noqa: F401
