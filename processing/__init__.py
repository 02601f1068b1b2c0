"""The work: from a request in some dialect to the cutout."""
