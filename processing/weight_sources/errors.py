"""Why a place did not give us the file."""


class SourceFailed(Exception):
    """One source could not be used; the message is one line for the person at the terminal, without secrets."""
