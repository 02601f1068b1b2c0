"""What things cost."""

CREDITS_PER_IMAGE = 1
"""One delivered image costs this many credits, whatever its size, in every dialect."""
