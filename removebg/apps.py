"""The site as an app: its checks and commands."""

from django.apps import AppConfig


class SiteConfig(AppConfig):
    """Registers the site's checks and gives the admin the site's own door."""

    name = "removebg"

    def ready(self) -> None:
        """Let Django find the checks; send who opens the admin to the site's log-in."""
        from allauth.account.decorators import secure_admin_login
        from django.contrib import admin

        from accounts import staff_factor
        from removebg import checks, encryption_checks  # noqa: F401

        # The admin's door is the site's: with its limits, codes, passkeys and second factors.
        staff_factor.require_in(admin.site)
        admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
