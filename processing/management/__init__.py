"""What `manage.py` offers for this app."""
