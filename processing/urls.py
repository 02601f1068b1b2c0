"""Pages about the work."""

from django.urls import path

from processing import views
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
]
