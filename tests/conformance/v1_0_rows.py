"""All rows of remove.bg's dialect, in the order of the page."""

from tests.conformance.v1_0 import background, clients, delivery, doors, framing, sources

ROWS = [*sources.ROWS, *delivery.ROWS, *framing.ROWS, *background.ROWS, *clients.ROWS, *doors.ROWS]
