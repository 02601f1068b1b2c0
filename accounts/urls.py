"""A person's own account, and the organization they work in: which one, who is in it, how it is called."""

from django.urls import path

from accounts import account_views, invitation_views, people_views, staff_factor, views
from accounts.email_code_view import ConfirmEmail

urlpatterns = [
    # In the place of allauth's own, which comes after.
    path("account/confirm-email/", ConfirmEmail.as_view(), name="account_email_verification_sent"),
    path("account/data/", account_views.your_data, name="your-data"),
    path("account/data/delete/", account_views.delete_account, name="account-delete"),
    path("account/second-factor-required/", staff_factor.second_factor_required, name="staff-second-factor"),
    path("account/sessions/<int:pk>/end/", account_views.end_session, name="session-end"),
    path("language/", account_views.choose_language, name="choose-language"),
    path("organizations/switch/", views.switch, name="organization-switch"),
    path("organization/", views.organization_settings, name="organization-settings"),
    path("organization/close/", views.close, name="organization-close"),
    path("people/", people_views.people, name="people"),
    path("people/invite/", people_views.invite, name="people-invite"),
    path("people/leave/", people_views.leave, name="people-leave"),
    path("people/invitations/<int:pk>/resend/", people_views.resend, name="invitation-resend"),
    path("people/invitations/<int:pk>/withdraw/", people_views.withdraw, name="invitation-withdraw"),
    path("people/<int:pk>/", people_views.member, name="member"),
    path("people/<int:pk>/remove/", people_views.remove, name="member-remove"),
    path("people/<int:pk>/hand-over/", people_views.hand_over, name="member-hand-over"),
    path("invitations/<str:secret>/", invitation_views.invitation, name="invitation"),
]
