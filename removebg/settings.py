"""Every setting of the product, read from the environment. docs/operating.md explains each one."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from removebg import env
from removebg.account_settings import *  # noqa: F403 - settings are found by their names
from removebg.account_settings import SOCIALACCOUNT_PROVIDERS
from removebg.admin_navigation import unfold_settings
from removebg.brand.logo import read_logo
from removebg.databases import keep_private, with_our_options
from removebg.page_policies import FEATURES, policy_with
from removebg.stripe_settings import *  # noqa: F403
from removebg.stripe_settings import STRIPE_PAGES, STRIPE_SECRET_KEY
from removebg.work_settings import *  # noqa: F403
from removebg.work_settings import TRUSTED_PROXIES, WEB_PROCESSES

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
PUBLIC_URL = env.read_url("PUBLIC_URL", f"http://localhost:{PORT}", schemes=("http", "https"))
ALLOWED_HOSTS = env.read_hosts("ALLOWED_HOSTS", ["127.0.0.1", "localhost", "[::1]"])
PRODUCT_NAME = env.read_text("PRODUCT_NAME", "removebg")
SUPPORT_EMAIL = env.read_mail_address("SUPPORT_EMAIL")
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


# Services outside this machine that are reached without TLS on purpose, over a network of the operator's own.
UNENCRYPTED_SERVICES = env.read_choices("UNENCRYPTED_SERVICES", ("database", "redis", "mail"))

# --- Databases and cache ---------------------------------------------------------------------------------------
REDIS_URL = env.read_url("REDIS_URL", "", schemes=("redis", "rediss", "unix"))

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
keep_private(DATABASES["default"], DATA_DIR)
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

# --- Credits ---------------------------------------------------------------------------------------------------
HOLD_LEASE_S = env.read_int("HOLD_LEASE_S", 300, minimum=1)
IDEMPOTENCY_LEASE_S = env.read_int("IDEMPOTENCY_LEASE_S", HOLD_LEASE_S, minimum=1)
IDEMPOTENCY_KEPT_S = env.read_int("IDEMPOTENCY_KEPT_S", 24 * 3600, minimum=60)
SWEEP_EVERY_S = env.read_float("SWEEP_EVERY_S", 30.0, minimum=0.1)
RECORDS_KEPT_DAYS = env.read_int("RECORDS_KEPT_DAYS", 90, minimum=1)

# Where results of the history are kept: any storage of Django's that is private.
_FILE_STORAGE = "django.core.files.storage.FileSystemStorage"
HISTORY_STORAGE = env.read_text("HISTORY_STORAGE", _FILE_STORAGE)
_own_folder = {
    "location": str(DATA_DIR / "history"),
    "file_permissions_mode": 0o600,
    "directory_permissions_mode": 0o700,
}
HISTORY_STORAGE_OPTIONS = env.read_json(
    "HISTORY_STORAGE_OPTIONS", _own_folder if HISTORY_STORAGE == _FILE_STORAGE else {}
)

# --- Django ----------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    # Before the admin, whose site and templates it takes the place of.
    "unfold",
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
    "removebg.forwarded_headers.ForwardedHeadersMiddleware",
    # Early, so that no refusal speaks the language of the request before.
    "removebg.middleware.LanguageMiddleware",
    "removebg.api_transport.ApiTransportMiddleware",
    # Before anything that reads a body or a field of a form.
    "removebg.content_type.ContentTypeMiddleware",
    "removebg.middleware.SmallForms",
    "removebg.urlencoded_forms.UrlencodedFormsMiddleware",
    "removebg.compression.CompressedTexts",
    "corsheaders.middleware.CorsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "removebg.middleware.AdminPolicy",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "accounts.anonymous_sessions.LimitedSessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.session_lifetime.SessionLifetimeMiddleware",
    "removebg.middleware.PrivatePages",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.last_seen.LastSeenMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    # Before the organization is looked for, after everything that notes whose session this is.
    "accounts.support_visits.SupportVisitMiddleware",
    "accounts.current_organization.CurrentOrganizationMiddleware",
    "removebg.middleware.ServiceRefusals",
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
UNFOLD = unfold_settings(PRODUCT_NAME, BRAND_HUE)
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "accounts.password_validation.ContextWordsValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "dashboard"
MFA_TOTP_ISSUER = PRODUCT_NAME
# Passkeys need https, except where the server is this machine.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not IS_PRODUCTION
# Staff without a passkey or an authenticator app are led to set one up before the admin opens.
STAFF_SECOND_FACTOR = env.read_bool("STAFF_SECOND_FACTOR", IS_PRODUCTION)
CSRF_FAILURE_VIEW = "removebg.errors.csrf_refused"
# The languages of pages and mails; the API speaks English only. A folder of the operator's own goes before ours.
LOCALE_DIR = env.find_path("LOCALE_DIR")
LOCALE_PATHS = [
    *([LOCALE_DIR] if LOCALE_DIR else []),
    *(BASE_DIR / app / "locale" for app in ("removebg", "processing", "billing", "accounts")),
]
LANGUAGES = env.read_languages("LANGUAGES", ("en", "de", "es", "fr", "ar"), LOCALE_PATHS)
LANGUAGE_CODE = env.read_choice("DEFAULT_LANGUAGE", [code for code, _name in LANGUAGES], LANGUAGES[0][0])
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
FORMAT_MODULE_PATH = ["removebg.formats"]
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "history": {"BACKEND": HISTORY_STORAGE, "OPTIONS": HISTORY_STORAGE_OPTIONS},
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
CONTENT_SECURITY_POLICY = policy_with(list(SOCIALACCOUNT_PROVIDERS), STRIPE_PAGES if STRIPE_SECRET_KEY else [])
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
if IS_PRODUCTION:
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    LANGUAGE_COOKIE_SECURE = True
    # Browsers take cookies of these names only from this very host, over HTTPS.
    SESSION_COOKIE_NAME = "__Host-sessionid"
    CSRF_COOKIE_NAME = "__Host-csrftoken"
    LANGUAGE_COOKIE_NAME = "__Host-django_language"
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
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "line"},
        "nothing": {"class": "logging.NullHandler"},
    },
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        name: {"handlers": ["stderr"], "level": LOG_LEVEL, "propagate": False}
        for name in ("removebg", "accounts", "billing", "processing", "django")
    }
    # The access log has every answer already; what Django adds are the tracebacks of crashes.
    # Anyone can send a foreign Host, and the answer says so; a traceback for each would be a way to fill the disk.
    # Not an empty list of handlers: then Python prints the traceback itself.
    | {"django.security.DisallowedHost": {"handlers": ["nothing"], "propagate": False}}
    | {"django.request": {"handlers": ["stderr"], "filters": ["crashes"], "level": "ERROR", "propagate": False}},
}
