"""Arabic numbers with the digits and signs that scripts of ours write, too: 1,234.5."""

DECIMAL_SEPARATOR = "."
THOUSAND_SEPARATOR = ","
NUMBER_GROUPING = 3
