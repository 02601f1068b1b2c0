"""Results that an organization chose to keep for some hours: everything about them but their rows, see models."""
