"""Cutting out on a page: for people who are logged in, and a few previews for strangers."""
