"""The operator's own face on the pages: an accent, a logo."""
