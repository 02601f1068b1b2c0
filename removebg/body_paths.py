"""Where bodies are sent, by the kind of caller who sends them."""

PATHS_OF_KEYS = ("/v1/", "/v1.0/")
PATHS_OF_SESSIONS = ("/try/remove", "/try/download", "/docs/migrate/run/v1")
PATHS_OF_STRANGERS = ("/trial/remove", "/trial/download")
PATHS_WITH_PICTURES = (*PATHS_OF_KEYS, *PATHS_OF_SESSIONS, *PATHS_OF_STRANGERS)
PATHS_OF_WEBHOOKS = ("/webhooks/",)
PATHS_OF_LOG_IN = ("/account/",)
PATHS_WITH_LIMITS = (*PATHS_WITH_PICTURES, *PATHS_OF_WEBHOOKS)
"""Where bodies may be larger than MAX_FORM_BYTES, or have a limit of their own."""
