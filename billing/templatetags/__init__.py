"""Template tags about money."""
