"""The site as an app: its checks and commands."""

from django.apps import AppConfig


class SiteConfig(AppConfig):
    """Registers the site's checks and puts the operator's name on the admin."""

    name = "removebg"

    def ready(self) -> None:
        """Let Django find the checks, and name the admin."""
        from allauth.account.decorators import secure_admin_login
        from django.conf import settings
        from django.contrib import admin

        from removebg import checks  # noqa: F401

        # The admin's door is the site's: with its limits, codes, passkeys and second factors.
        admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
        admin.site.site_header = admin.site.site_title = settings.PRODUCT_NAME
