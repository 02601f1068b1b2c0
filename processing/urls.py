"""Pages about the work."""

from django.urls import path

from processing import key_views, usage_views, views

urlpatterns = [
    path("dashboard/", views.dashboard, name="dashboard"),
    path("keys/", key_views.key_list, name="keys"),
    path("keys/new/", key_views.new_key, name="key-new"),
    path("keys/<int:pk>/", key_views.change_key, name="key-change"),
    path("keys/<int:pk>/rotate/", key_views.rotate_key, name="key-rotate"),
    path("keys/<int:pk>/revoke/", key_views.revoke_key, name="key-revoke"),
    path("usage/", usage_views.usage, name="usage"),
    path("usage/requests.csv", usage_views.export, name="usage-export"),
]
