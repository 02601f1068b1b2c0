"""Metadata as Stripe merges it: what is sent is set, an empty value removes a key, an empty text removes all."""


def merged(stored: dict[str, str], sent: dict[str, str] | str) -> dict[str, str]:
    if isinstance(sent, str):
        return {}
    return {name: value for name, value in {**stored, **sent}.items() if value != ""}
