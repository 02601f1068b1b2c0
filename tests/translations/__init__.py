"""The catalogues: how they are made from the sources, and whether they are whole."""
