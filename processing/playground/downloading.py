"""Answers for browsers without our script: the image as a file to keep, a refusal as a page."""

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from processing.cutout_names import name_beside
from processing.playground.forgery import refuse_foreign_origin, refuse_forged_form


class ForForms(APIView):
    """Takes forms; a visit, such as a reload, is led to `page`, where the form is."""

    page: str

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer the form, or lead to it."""
        if request.method in ("GET", "HEAD"):
            return redirect(self.page)
        return super().dispatch(request, *args, **kwargs)

    def refuse_forged(self, request: Request) -> None:
        """Raise PageTooOld for a form of another site; never read the body."""
        refuse_foreign_origin(request)

    def refuse_forged_body(self, request: Request) -> None:
        """Raise PageTooOld unless the form holds the page's token; read the body."""
        refuse_forged_form(request)


class AsDownload(ForForms):
    """Turns the answers of the view it is mixed into: the image as a file, a refusal as a page."""

    def finalize_response(  # type: ignore[override]
        self, request: Request, response: HttpResponse, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Name the file, or show the refusal."""
        response = super().finalize_response(request, response, *args, **kwargs)  # type: ignore[arg-type]
        if isinstance(response, Response):
            context = {"problem": response.data, "status": response.status_code}
            return render(request._request, "try/refused.html", context, status=response.status_code)
        response["Content-Disposition"] = content_disposition_header(True, file_name_of(request, response)) or ""
        return response


def file_name_of(request: Request, response: HttpResponse) -> str:
    """Return what the cutout is called beside the photo."""
    upload = request.FILES.get("image_file")
    name = upload.name if isinstance(upload, UploadedFile) else None
    return name_beside(name or "", response["Content-Type"])
