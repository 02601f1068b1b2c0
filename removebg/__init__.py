"""The site: settings, addresses and errors; nothing imports it."""
