"""Arabic numbers as browsers write them beside Western digits, 1,234.5, and moments with 24 hours."""

DATETIME_FORMAT = "j F، Y، H:i"
TIME_FORMAT = "H:i"
DECIMAL_SEPARATOR = "."
THOUSAND_SEPARATOR = ","
NUMBER_GROUPING = 3
