"""The page where the code from the mail is typed in."""

from typing import Any

from allauth.account.views import ConfirmEmailVerificationCodeView
from django.http import HttpResponse


class ConfirmEmail(ConfirmEmailVerificationCodeView):  # type: ignore[misc]
    """allauth's page, which crashes (65.21) where the other address that somebody wants to use is wrong."""

    def _change_form_invalid(self, form: Any) -> HttpResponse:
        """Show the form again with what is wrong."""
        answer: HttpResponse = self.render_to_response(self.get_context_data(form=form))
        return answer
