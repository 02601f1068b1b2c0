"""What a browser may load and do on our pages: everything from here, nothing inline, nothing from elsewhere."""

from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE

POLICY = {
    "default-src": [NONE],
    "script-src": [SELF],
    "style-src": [SELF],
    # Cutouts are shown from memory (blob:), small pictures such as QR codes from the page itself (data:).
    "img-src": [SELF, "blob:", "data:"],
    "font-src": [SELF],
    "connect-src": [SELF],
    "form-action": [SELF],
    "manifest-src": [SELF],
    "worker-src": [SELF],
    "frame-ancestors": [NONE],
    "base-uri": [NONE],
}
"""Content Security Policy, level 3 (W3C). Swagger UI and the admin have their own, below."""

# Where a log-in form leads when somebody comes with an account elsewhere; browsers hold redirects to form-action, too.
PROVIDER_HOSTS = {"google": "https://accounts.google.com", "github": "https://github.com"}

FEATURES: dict[str, list[str]] = {
    feature: []
    for feature in (
        "accelerometer",
        "display-capture",
        "geolocation",
        "gyroscope",
        "microphone",
        "midi",
        "payment",
        "usb",
    )
} | {"camera": ["self"], "publickey-credentials-create": ["self"], "publickey-credentials-get": ["self"]}


def policy_with(providers: list[str], stripe_pages: list[str]) -> dict[str, object]:
    """Return django-csp's setting: forms lead to the log-in providers that are configured, and to Stripe's pages."""
    hosts = [*(PROVIDER_HOSTS[provider] for provider in providers), *stripe_pages]
    return {"DIRECTIVES": {**POLICY, "form-action": [SELF, *hosts]}}


# Swagger UI writes styles into its page and pictures into its styles; scripts still come from here alone.
SWAGGER_POLICY = {**POLICY, "style-src": [SELF, UNSAFE_INLINE]}
"""The policy of /docs/swagger/, the second named exception."""

ADMIN_POLICY = {**POLICY, "script-src": [SELF, UNSAFE_EVAL], "style-src": [SELF, UNSAFE_INLINE]}
"""The policy of /admin/, the other named exception: Alpine works out what its attributes say, and the theme's colours
are in the page. Nothing comes from elsewhere, and no script is in the page there either."""
