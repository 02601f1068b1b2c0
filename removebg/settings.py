"""Every setting of the product, read from the environment. docs/operating.md explains each one."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from processing.matting.execution_providers import AUTO, PROVIDERS
from processing.matting.model_catalog import CATALOG
from removebg import env
from removebg.account_settings import *  # noqa: F403 - settings are found by their names
from removebg.account_settings import SOCIALACCOUNT_PROVIDERS
from removebg.brand.logo import read_logo
from removebg.databases import with_our_options
from removebg.page_policies import FEATURES, policy_with
from removebg.stripe_settings import *  # noqa: F403

BASE_DIR = Path(__file__).resolve().parent.parent

# --- Where this runs -------------------------------------------------------------------------------------------
# `laptop` needs nothing and listens to this machine only; `production` refuses to start half-configured.
DEPLOYMENT = env.read_choice("DEPLOYMENT", ("laptop", "production"), "laptop")
IS_PRODUCTION = DEPLOYMENT == "production"
DEBUG = env.read_bool("DEBUG", False)
DATA_DIR = env.read_path("DATA_DIR", BASE_DIR / ".data")
SECRET_KEY = env.read_text("SECRET_KEY")
# Secrets of before: what they signed and encrypted stays readable while SECRET_KEY is changed.
SECRET_KEY_FALLBACKS = env.read_list("SECRET_KEY_FALLBACKS")
PORT = env.read_int("PORT", 8000, minimum=1)
PUBLIC_URL = env.read_text("PUBLIC_URL", f"http://127.0.0.1:{PORT}").rstrip("/")
ALLOWED_HOSTS = env.read_list("ALLOWED_HOSTS", ["127.0.0.1", "localhost", "[::1]"])
PRODUCT_NAME = env.read_text("PRODUCT_NAME", "removebg")
SUPPORT_EMAIL = env.read_text("SUPPORT_EMAIL")
# The accent of every page, a hue in degrees of OKLCH; what is written in it is readable whatever the number.
BRAND_HUE = env.read_float("BRAND_HUE", 277.0, maximum=360.0)
BRAND_LOGO = env.find_path("BRAND_LOGO")
if BRAND_LOGO:
    read_logo(BRAND_LOGO)
# A folder with privacy.md and terms.md of the operator's own.
LEGAL_DIR = env.find_path("LEGAL_DIR")
if LEGAL_DIR and not LEGAL_DIR.is_dir():
    raise ImproperlyConfigured(f"LEGAL_DIR: {LEGAL_DIR} is no folder.")


def _own_secret_key() -> str:
    """Return this machine's secret, made at the first start and kept beside the database."""
    path = DATA_DIR / "secret_key"
    DATA_DIR.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        # Written aside and then linked: of two processes that start at once, both read the one whole key.
        part = DATA_DIR / f"secret_key.{os.getpid()}"
        part.touch(mode=0o600)
        part.write_text(secrets.token_urlsafe(64), encoding="ascii")
        with suppress(FileExistsError):
            path.hardlink_to(part)
        part.unlink()
    return path.read_text(encoding="ascii")


def _require_production_values() -> None:
    missing = [
        name for name in ("SECRET_KEY", "ALLOWED_HOSTS", "PUBLIC_URL", "DATABASE_URL") if not env.read_text(name)
    ]
    if missing:
        raise ImproperlyConfigured(f"DEPLOYMENT=production needs {', '.join(missing)}: see docs/operating.md.")
    if DEBUG:
        raise ImproperlyConfigured("DEPLOYMENT=production refuses DEBUG=true: it would show secrets on error pages.")
    if "*" in ALLOWED_HOSTS:
        raise ImproperlyConfigured("ALLOWED_HOSTS must name the hosts you serve; `*` lets anyone forge links in mails.")
    if len(SECRET_KEY) < 50:
        raise ImproperlyConfigured("SECRET_KEY must have at least 50 random characters.")
    if not PUBLIC_URL.startswith("https://"):
        raise ImproperlyConfigured("PUBLIC_URL must start with https://: keys and photos travel over it.")
    if WEB_PROCESSES > 1 and not REDIS_URL:
        raise ImproperlyConfigured(
            "More than one WEB_PROCESSES needs REDIS_URL: rate limits must be counted in one place."
        )


# --- Databases and cache ---------------------------------------------------------------------------------------
REDIS_URL = env.read_text("REDIS_URL")
WEB_PROCESSES = env.read_int("WEB_PROCESSES", 1, minimum=1)

if IS_PRODUCTION:
    _require_production_values()
elif not SECRET_KEY:
    SECRET_KEY = _own_secret_key()

DATABASES = {
    "default": with_our_options(
        env.read_database("DATABASE_URL", f"sqlite:///{DATA_DIR / 'db.sqlite3'}"),
        pool_size=env.read_int("DATABASE_POOL_SIZE", 20, minimum=1),
    )
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

if REDIS_URL:
    CACHES = {
        "default": {
            "BACKEND": "django_redis.cache.RedisCache",
            "LOCATION": REDIS_URL,
            "KEY_PREFIX": "removebg",
            # An unreachable cache must not take the product down: rate limits open, credits still guard.
            "OPTIONS": {"IGNORE_EXCEPTIONS": True, "SOCKET_CONNECT_TIMEOUT": 1, "SOCKET_TIMEOUT": 1},
        }
    }
else:
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            # Django's default of 300 would throw away rate counters as soon as 300 callers are about.
            "OPTIONS": {"MAX_ENTRIES": 200_000},
        }
    }

# --- Limits of one image ---------------------------------------------------------------------------------------
MAX_IMAGE_BYTES = env.read_int("MAX_IMAGE_BYTES", 20 * 1024 * 1024, minimum=1024)
V1_0_MAX_IMAGE_BYTES = env.read_int("V1_0_MAX_IMAGE_BYTES", 22_000_000, minimum=1024)
MAX_IMAGE_PIXELS = env.read_int("MAX_IMAGE_PIXELS", 50_000_000, minimum=1)
MAX_IMAGE_SIDE_PX = env.read_int("MAX_IMAGE_SIDE_PX", 16_384, minimum=1)
MAX_JPEG_SCANS = env.read_int("MAX_JPEG_SCANS", 100, minimum=1)

# --- The model -------------------------------------------------------------------------------------------------
_user_cache_dir = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
MODEL_NAME = env.read_choice("MODEL_NAME", tuple(CATALOG), "isnet-general-use")
# What callers and organizations may choose; the default model is always among it.
ALLOWED_MODELS = list(dict.fromkeys([MODEL_NAME, *env.read_choices("ALLOWED_MODELS", tuple(CATALOG))]))
EXECUTION_PROVIDER = env.read_choice("EXECUTION_PROVIDER", (AUTO, *PROVIDERS), AUTO)
EXTRA_MODELS_OPEN = env.read_int("EXTRA_MODELS_OPEN", 1, minimum=1)
MODEL_CACHE_DIR = env.read_path("MODEL_CACHE_DIR", _user_cache_dir / "removebg" / "models")
MODEL_MIRROR_URL = env.read_text("MODEL_MIRROR_URL")
MODEL_FETCH_TIMEOUT_S = env.read_float("MODEL_FETCH_TIMEOUT_S", 30.0, minimum=0.1)

# --- Who gets in, and how many at once -------------------------------------------------------------------------
_cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
INFERENCE_THREADS = env.read_int("INFERENCE_THREADS", max(1, _cores // WEB_PROCESSES), minimum=1)
IMAGE_SLOTS = env.read_int("IMAGE_SLOTS", 2, minimum=1)
SLOT_WAITING_PLACES = env.read_int("SLOT_WAITING_PLACES", 2 * IMAGE_SLOTS)
SLOT_WAIT_S = env.read_float("SLOT_WAIT_S", 15.0)
UPLOADS_AT_ONCE = env.read_int("UPLOADS_AT_ONCE", 16, minimum=1)
DRAINS_AT_ONCE = env.read_int("DRAINS_AT_ONCE", 8)
RESERVED_THREADS = env.read_int("RESERVED_THREADS", 4, minimum=1)
WEB_THREADS = IMAGE_SLOTS + SLOT_WAITING_PLACES + UPLOADS_AT_ONCE + DRAINS_AT_ONCE + RESERVED_THREADS
# One organization may take half of the places of a process, whatever its plan allows, so that the others find some.
PLACES_PER_ORGANIZATION = env.read_int(
    "PLACES_PER_ORGANIZATION", max(1, (IMAGE_SLOTS + SLOT_WAITING_PLACES + UPLOADS_AT_ONCE) // 2), minimum=1
)
HEAD_DEADLINE_S = env.read_float("HEAD_DEADLINE_S", 10.0, minimum=0.1)
UPLOAD_DEADLINE_S = env.read_float("UPLOAD_DEADLINE_S", 60.0, minimum=0.1)
DRAIN_DEADLINE_S = env.read_float("DRAIN_DEADLINE_S", 10.0)
MAX_DRAIN_BYTES = env.read_int("MAX_DRAIN_BYTES", 64 * 1024 * 1024)
MAX_FORM_BYTES = env.read_int("MAX_FORM_BYTES", 1024 * 1024, minimum=1024)
# The whole body of a call: the picture, as base64 at the most, the fields beside it, the multipart headers. A v1.0 body
# may hold a background picture, too.
MAX_BODY_BYTES = MAX_IMAGE_BYTES * 4 // 3 + MAX_FORM_BYTES
V1_0_MAX_BODY_BYTES = V1_0_MAX_IMAGE_BYTES * 4 // 3 + V1_0_MAX_IMAGE_BYTES + MAX_FORM_BYTES
# Django counts base64 text among the fields, and takes a chunked body for as long as the upload gate lets it be. The
# API and the middleware SmallForms hold what is no picture to MAX_FORM_BYTES.
DATA_UPLOAD_MAX_MEMORY_SIZE = max(MAX_BODY_BYTES, V1_0_MAX_BODY_BYTES)
# Some clients of v1.0 stop listening 20 seconds after they have sent a picture.
V1_0_ANSWER_WITHIN_S = env.read_float("V1_0_ANSWER_WITHIN_S", 18.0, minimum=0.1)

# How many proxies of yours stand in front; each appends one address to X-Forwarded-For.
TRUSTED_PROXIES = env.read_int("TRUSTED_PROXIES", 0)
RATELIMIT_IP_META_KEY = "accounts.addresses.rate_limit_address"
RATELIMIT_FAIL_OPEN = True
# Calls without a valid key, by address. Calls with one are counted by key alone: an office shares one address.
STRANGER_RATE = env.read_rate("STRANGER_RATE", "60/m")
# Previews for people without an account, on the front page.
TRIAL_OPEN = env.read_bool("TRIAL_OPEN", True)
TRIAL_PREVIEWS = env.read_rate("TRIAL_PREVIEWS", "5/d")
TRIAL_PREVIEW_SIDE_PX = env.read_int("TRIAL_PREVIEW_SIDE_PX", 512, minimum=32)
METRICS_TOKEN = env.read_text("METRICS_TOKEN")

# --- Fetching what callers name --------------------------------------------------------------------------------
# Addresses of pictures are fetched from the public network only (docs/decisions/0005-fetching-what-callers-name.md).
FETCH_DEADLINE_S = env.read_float("FETCH_DEADLINE_S", 10.0, minimum=0.1)
FETCH_PORTS = env.read_ports("FETCH_PORTS", (80, 443))
FETCH_MAX_REDIRECTS = env.read_int("FETCH_MAX_REDIRECTS", 3)
# Networks of the operator's own that may be fetched from although they are not public, or are this server.
FETCH_ALLOWED_NETWORKS = env.read_networks("FETCH_ALLOWED_NETWORKS")

# --- Credits ---------------------------------------------------------------------------------------------------
HOLD_LEASE_S = env.read_int("HOLD_LEASE_S", 300, minimum=1)
IDEMPOTENCY_LEASE_S = env.read_int("IDEMPOTENCY_LEASE_S", HOLD_LEASE_S, minimum=1)
IDEMPOTENCY_KEPT_S = env.read_int("IDEMPOTENCY_KEPT_S", 24 * 3600, minimum=60)
SWEEP_EVERY_S = env.read_float("SWEEP_EVERY_S", 30.0, minimum=0.1)
RECORDS_KEPT_DAYS = env.read_int("RECORDS_KEPT_DAYS", 90, minimum=1)

# --- Django ----------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    *(f"allauth.socialaccount.providers.{provider}" for provider in SOCIALACCOUNT_PROVIDERS),
    "allauth.usersessions",
    "csp",
    "django_htmx",
    "corsheaders",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "accounts",
    "billing",
    "processing",
    "removebg",
]
MIDDLEWARE = [
    "removebg.middleware.RequestIdMiddleware",
    "removebg.middleware.SmallForms",
    "corsheaders.middleware.CorsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "accounts.current_organization.CurrentOrganizationMiddleware",
]
ROOT_URLCONF = "removebg.urls"
WSGI_APPLICATION = "removebg.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "removebg.context.brand",
            ],
        },
    }
]
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "dashboard"
MFA_TOTP_ISSUER = PRODUCT_NAME
# Passkeys need https, except where the server is this machine.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not IS_PRODUCTION
CSRF_FAILURE_VIEW = "removebg.errors.csrf_refused"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
# On a laptop the files are served from where they lie; a production start collects them first (docs/operating.md).
WHITENOISE_USE_FINDERS = not IS_PRODUCTION
STATIC_ROOT.mkdir(parents=True, exist_ok=True)

REST_FRAMEWORK = {
    "EXCEPTION_HANDLER": "removebg.errors.handle_api_exception",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": f"{PRODUCT_NAME} API",
    "DESCRIPTION": "Send an image, get the cutout.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "SERVERS": [{"url": PUBLIC_URL}],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "POSTPROCESSING_HOOKS": [
        "processing.api.v1_schema.complete",
        "processing.api.v1_0_schema.complete",
        "removebg.reference.error_examples.complete",
    ],
}

# --- Pages of other sites --------------------------------------------------------------------------------------
# Plug-ins call v1.0 from a page. Who has the key may call from anywhere; cookies count for nothing there.
CORS_URLS_REGEX = r"^/v1\.0/"
CORS_ALLOW_ALL_ORIGINS = True
CORS_ALLOW_METHODS = ["GET", "POST", "OPTIONS"]
CORS_ALLOW_HEADERS = ["accept", "authorization", "content-type", "idempotency-key", "user-agent", "x-api-key"]
CORS_EXPOSE_HEADERS = [
    "Idempotent-Replayed",
    "Retry-After",
    "X-Credits-Charged",
    "X-Credits-Remaining",
    "X-Foreground-Height",
    "X-Foreground-Left",
    "X-Foreground-Top",
    "X-Foreground-Width",
    "X-Height",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "X-Request-ID",
    "X-Type",
    "X-Width",
]
CORS_PREFLIGHT_MAX_AGE = 86_400

# --- Security headers and cookies ------------------------------------------------------------------------------
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
PERMISSIONS_POLICY = FEATURES
CONTENT_SECURITY_POLICY = policy_with(list(SOCIALACCOUNT_PROVIDERS))
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
if IS_PRODUCTION:
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
    SECURE_SSL_REDIRECT = env.read_bool("SECURE_SSL_REDIRECT", True)
    SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$", r"^metrics$"]
    SECURE_HSTS_SECONDS = env.read_int("SECURE_HSTS_SECONDS", 31_536_000)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = env.read_bool("SECURE_HSTS_INCLUDE_SUBDOMAINS", True)
    SECURE_HSTS_PRELOAD = env.read_bool("SECURE_HSTS_PRELOAD", True)
    if TRUSTED_PROXIES:
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# django-ratelimit warns of caches that several processes do not share: one process is our default, and
# more without Redis are refused above.
SILENCED_SYSTEM_CHECKS = ["django_ratelimit.E003", "django_ratelimit.W001"]

# --- Logs ------------------------------------------------------------------------------------------------------
LOG_LEVEL = env.read_choice("LOG_LEVEL", ("DEBUG", "INFO", "WARNING", "ERROR"), "INFO")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"crashes": {"()": "removebg.logs.OnlyCrashes"}},
    "formatters": {"line": {"()": "removebg.logs.LineFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        name: {"handlers": ["stderr"], "level": LOG_LEVEL, "propagate": False}
        for name in ("removebg", "accounts", "billing", "processing", "django")
    }
    # The access log has every answer already; what Django adds are the tracebacks of crashes.
    # Anyone can send a foreign Host, and is told so; a traceback for each would be a way to fill the disk.
    | {"django.security.DisallowedHost": {"handlers": [], "propagate": False}}
    | {"django.request": {"handlers": ["stderr"], "filters": ["crashes"], "level": "ERROR", "propagate": False}},
}
