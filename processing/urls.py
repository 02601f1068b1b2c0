"""Pages about the work."""

from django.urls import path

from processing import key_views, usage_views, views
from processing.history import views as history_views
from processing.playground import pages
from processing.playground.people import DownloadForPeople, RemoveForPeople
from processing.playground.strangers import PreviewDownload, PreviewForStrangers

urlpatterns = [
    path("dashboard/", views.dashboard, name="dashboard"),
    path("try/", pages.playground, name="try"),
    path("try/remove", RemoveForPeople.as_view(), name="try-remove"),
    path("try/download", DownloadForPeople.as_view(), name="try-download"),
    path("trial/remove", PreviewForStrangers.as_view(), name="trial-remove"),
    path("trial/download", PreviewDownload.as_view(), name="trial-download"),
    path("keys/", key_views.key_list, name="keys"),
    path("keys/new/", key_views.new_key, name="key-new"),
    path("keys/<int:pk>/", key_views.change_key, name="key-change"),
    path("keys/<int:pk>/rotate/", key_views.rotate_key, name="key-rotate"),
    path("keys/<int:pk>/revoke/", key_views.revoke_key, name="key-revoke"),
    path("history/", history_views.history, name="history"),
    path("history/settings/", history_views.history_settings, name="history-settings"),
    path("history/delete-all/", history_views.delete_all, name="history-delete-all"),
    path("history/<str:name>/", history_views.download, name="history-file"),
    path("history/<str:name>/thumbnail", history_views.small, name="history-thumbnail"),
    path("history/<str:name>/delete/", history_views.delete, name="history-delete"),
    path("account/data/export/", views.export_data, name="data-export"),
    path("usage/", usage_views.usage, name="usage"),
    path("usage/requests.csv", usage_views.export, name="usage-export"),
]
