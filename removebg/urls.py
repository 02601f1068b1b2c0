"""The whole product on one page."""

from django.contrib import admin
from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView

from billing.webhook_view import stripe_webhook
from processing.api import v1, v1_0
from processing.api.door import NoSuchEndpoint
from removebg import discovery, health, legal_pages, metrics, pages, pricing_page, status_page, words
from removebg.brand import views as brand

urlpatterns = [
    path("v1/remove", v1.RemoveBackground.as_view(), name="v1-remove"),
    path("v1/me", v1.Me.as_view(), name="v1-me"),
    path("v1/openapi.yaml", SpectacularAPIView.as_view(), name="openapi"),
    path("v1.0/removebg", v1_0.RemoveBackground.as_view(), name="v1-0-removebg"),
    path("v1.0/account", v1_0.Account.as_view(), name="v1-0-account"),
    path("v1.0/improve", v1_0.Improve.as_view(), name="v1-0-improve"),
    # Every other path of the API, also with doubled slashes, none at its end, or a capital.
    re_path(r"^(?:/*)[vV]1(?:\.0)?(?:/[\s\S]*)?\Z", NoSuchEndpoint.as_view(), name="no-such-endpoint"),
    path("", pages.front, name="front"),
    path("docs/", include("removebg.documents.urls")),
    path("pricing/", pricing_page.pricing, name="pricing"),
    path("status/", status_page.status_page, name="status"),
    path("privacy/", legal_pages.privacy, name="privacy"),
    path("terms/", legal_pages.terms, name="terms"),
    path("site.css", brand.stylesheet, name="stylesheet"),
    path("brand/logo", brand.logo, name="brand-logo"),
    path("brand/icon.svg", brand.icon, name="brand-icon"),
    path("favicon.ico", brand.favicon, name="favicon"),
    path("robots.txt", discovery.robots, name="robots"),
    path("sitemap.xml", discovery.sitemap, name="sitemap"),
    path("words/<str:language>.js", words.Words.as_view(), name="words"),
    path("", include("accounts.urls")),
    path("", include("billing.urls")),
    # Stripe follows no redirect, so the URL works with and without its last slash.
    path("webhooks/stripe", stripe_webhook, name="stripe-webhook"),
    path("webhooks/stripe/", stripe_webhook, name="stripe-webhook"),
    path("account/", include("allauth.urls")),
    path("", include("processing.urls")),
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
    path("admin/", admin.site.urls),
]

handler400 = "removebg.errors.bad_request"
handler403 = "removebg.errors.forbidden"
handler404 = "removebg.errors.not_found"
handler429 = "removebg.errors.too_many_requests"
handler500 = "removebg.errors.server_error"
