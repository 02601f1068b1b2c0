"""Text made of digits and letters only: it survives a double click, a URL and a shell without quoting."""

import secrets
import string

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase


def random_text(length: int) -> str:
    """Return `length` unguessable characters, 5.95 bits each."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def encode(number: int, length: int) -> str:
    """Write a number >= 0 with exactly `length` characters, high digits first; raise ValueError if it needs more."""
    characters = []
    for _ in range(length):
        number, digit = divmod(number, len(ALPHABET))
        characters.append(ALPHABET[digit])
    if number:
        raise ValueError(f"The number does not fit into {length} base62 characters.")
    return "".join(reversed(characters))
