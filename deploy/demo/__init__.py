"""`make demo`: from an installed environment to a real cutout, and a server to try the rest."""
