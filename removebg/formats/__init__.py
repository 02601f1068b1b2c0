"""How dates are written and numbers are written where Django's way would be misread."""
