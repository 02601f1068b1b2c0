"""What every template knows: the operator's brand."""

from django.conf import settings
from django.http import HttpRequest


def brand(request: HttpRequest) -> dict[str, str]:
    """Return the product's name, its public address and whom to ask."""
    return {
        "product_name": settings.PRODUCT_NAME,
        "public_url": settings.PUBLIC_URL,
        "support_email": settings.SUPPORT_EMAIL,
    }
