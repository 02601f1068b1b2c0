"""The full counts behind `make verify`: each check is one file, their figures go to docs/verification.md."""
