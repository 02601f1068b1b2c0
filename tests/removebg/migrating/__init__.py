"""A curl call for a rival to one for this server."""
