"""The matting core: bytes in, bytes out; no Django, no network, no database."""
