"""All rows of Poof's dialect, in the order of the page."""

from tests.conformance.v1 import clients, delivery, doors, framing, sources, spelling

ROWS = [*sources.ROWS, *spelling.ROWS, *delivery.ROWS, *framing.ROWS, *clients.ROWS, *doors.ROWS]
