"""The first call that somebody makes with a key."""

from django.conf import settings


def sample_call(key: str) -> str:
    """Return a curl command that sends a photo with this key."""
    lines = (
        f"curl --fail-with-body {settings.PUBLIC_URL}/v1/remove",
        f'-H "x-api-key: {key}"',
        '-F "image_file=@photo.jpg"',
        "-o cutout.png",
    )
    return " \\\n  ".join(lines)
