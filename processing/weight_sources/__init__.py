"""Places to get weights from: each module knows one kind of place and writes one complete, unverified file."""
