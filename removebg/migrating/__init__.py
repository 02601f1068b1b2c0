"""A curl call for remove.bg or Poof, read and never run, to the same call for this server."""
