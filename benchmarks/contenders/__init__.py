"""One program for each contender, run by the Python of its own environment and asked over a pipe (see protocol.py)."""
