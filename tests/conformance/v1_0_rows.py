"""All rows of remove.bg's dialect, in the order of the page."""

from tests.conformance.v1_0 import background, clients, delivery, doors, framing, sources, spelling

ROWS = [*sources.ROWS, *spelling.ROWS, *delivery.ROWS, *framing.ROWS, *background.ROWS, *clients.ROWS, *doors.ROWS]
