"""How people sign up and log in: django-allauth, configured from the environment."""

from removebg import env

# --- Sign-up ---------------------------------------------------------------------------------------------------
SIGNUP_OPEN = env.read_bool("SIGNUP_OPEN", True)
# What a new person's first organization gets, once for each verified address.
FREE_CREDITS = env.read_int("FREE_CREDITS", 50)
# What a person needs for them: nothing more (none), a saved card or a purchase (card), an operator's approval.
FREE_CREDITS_REQUIRE = env.read_choice("FREE_CREDITS_REQUIRE", ["none", "card", "approval"], "none")
# The most that sign-ups may bring: credits in one day of UTC, and grants a day to one address, network and mail domain.
FREE_CREDITS_PER_DAY = env.read_int("FREE_CREDITS_PER_DAY", 5000)
FREE_CREDITS_GRANTS_PER_ADDRESS = env.read_int("FREE_CREDITS_GRANTS_PER_ADDRESS", 3)
FREE_CREDITS_GRANTS_PER_NETWORK = env.read_int("FREE_CREDITS_GRANTS_PER_NETWORK", 10)
FREE_CREDITS_GRANTS_PER_DOMAIN = env.read_int("FREE_CREDITS_GRANTS_PER_DOMAIN", 10)

# How long an invitation's link works, and how many an organization may send.
INVITATION_DAYS = env.read_int("INVITATION_DAYS", 7, minimum=1)
# Expired and accepted invitations are deleted so many days after their link ended.
INVITATIONS_KEPT_DAYS = env.read_int("INVITATIONS_KEPT_DAYS", 30, minimum=1)
ORGANIZATIONS_PER_PERSON = env.read_int("ORGANIZATIONS_PER_PERSON", 20, minimum=1)
INVITATION_RATE = env.read_rate("INVITATION_RATE", "30/h")

# How long log-ins, failures and changes of passwords, addresses and factors stay in the security log.
SECURITY_LOG_DAYS = env.read_int("SECURITY_LOG_DAYS", 90, minimum=1)

ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "signup": "accounts.entrance_forms.SignupForm",
    "change_email": "accounts.entrance_forms.ChangeEmailForm",
    "reset_password_from_key": "accounts.entrance_forms.NewPasswordForm",
}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
# Codes and not links: they work from another device, and no mail scanner opens them first.
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_CHANGE = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
# OWASP ASVS 6.5.5: codes by mail live at most 10 minutes.
EMAIL_CODE_LIFETIME_S = 600
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_TIMEOUT = EMAIL_CODE_LIFETIME_S
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = EMAIL_CODE_LIFETIME_S
ACCOUNT_PASSWORD_RESET_BY_CODE_TIMEOUT = EMAIL_CODE_LIFETIME_S
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_REDIRECT_URL = "front"

# --- Second factors and sessions -------------------------------------------------------------------------------
MFA_ADAPTER = "accounts.mfa_adapter.MfaAdapter"
MFA_FORMS = {
    "authenticate": "accounts.factor_forms.CodeForm",
    "reauthenticate": "accounts.factor_forms.ReauthenticateCodeForm",
    "authenticate_webauthn": "accounts.factor_forms.PasskeyForm",
    "reauthenticate_webauthn": "accounts.factor_forms.ReauthenticatePasskeyForm",
    "login_webauthn": "accounts.factor_forms.PasskeyLoginForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
# Shown in the list of sessions; `accounts.last_seen` writes it down, at the most so often.
USERSESSIONS_TRACK_ACTIVITY = True
LAST_SEEN_EVERY_S = env.read_int("LAST_SEEN_EVERY_S", 300, minimum=1)
# How long an operator may look at the site as somebody else before it ends by itself.
SUPPORT_VISIT_MINUTES = env.read_int("SUPPORT_VISIT_MINUTES", 30, minimum=1)

# --- Logging in with an account elsewhere ----------------------------------------------------------------------
SOCIALACCOUNT_ADAPTER = "accounts.adapter.SocialAccountAdapter"
SOCIALACCOUNT_FORMS = {"signup": "accounts.entrance_forms.SocialSignupForm"}
SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_PROVIDERS = {
    provider: {
        "APPS": [{"client_id": client_id, "secret": secret, "key": ""}],
        "VERIFIED_EMAIL": False,
        **options,
    }
    for provider, (client_id, secret), options in (
        (
            "google",
            env.read_pair("GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET"),
            {"SCOPE": ["profile", "email"], "OAUTH_PKCE_ENABLED": True, "FETCH_USERINFO": True},
        ),
        ("github", env.read_pair("GITHUB_CLIENT_ID", "GITHUB_CLIENT_SECRET"), {"SCOPE": ["user:email"]}),
    )
    if client_id
}

# --- E-mail ----------------------------------------------------------------------------------------------------
# Without a mail server they are printed where the server's log goes.
globals().update(env.read_mail_server("EMAIL_URL", "consolemail://"))
# A mail server that does not answer holds a page, or the next periodic job, no longer than this.
EMAIL_TIMEOUT = env.read_float("EMAIL_TIMEOUT", 10.0, minimum=0.1)
# Mails to addresses that nobody has verified (sign-up, invitations), of the whole server; accounts/mail_budget.py has
# the limits of one recipient, one sender's address and one organization.
MAILS_PER_DAY = env.read_int("MAILS_PER_DAY", 2000, minimum=1)
DEFAULT_FROM_EMAIL = env.read_mail_address("DEFAULT_FROM_EMAIL", "removebg <noreply@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
