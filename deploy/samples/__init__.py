"""Draws the sample photos that people may try: three still lifes of our own, traced with light from a window."""
