"""How this comes to run: on a laptop (`bootstrap`, `demo`), in a production of yours (docs/operating.md)."""
