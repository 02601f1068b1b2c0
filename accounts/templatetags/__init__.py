"""Template tags about people and organizations."""
