"""A customer beside one attacker of each kind: all calls answered, hardly later, and the memory given back."""

import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.attack.attackers import KINDS
from tests.attack.customer import Report, Seen
from tests.attack.site import Site, running_site
from tests.live.processes import resident_bytes
from tests.verify.check import Check, Finding, scaled

ATTACK_S, UNLOADED_S, AT_LEAST_S, AT_MOST_S = 40, 20, 6, 120
PHOTOS = 10
"""An attack lasts until about so many photos can be answered beside it, on a slow machine too (AT_MOST_S)."""

MAX_RATIO = 2.0
NOISE_S = 0.1
"""On top of the ratio: what one call differs from the next on a quiet machine."""

MAX_HEALTH_S = 0.25
"""Of /livez; on a machine that others use as well, the ratio to the unloaded calls is enough."""

MAX_KEPT_BYTES = 64 * 1024**2
MEMORY_ATTACKS = ("large-json", "codec", "decoder")
SETTLES_S = 45.0
"""The calls of attackers that are still worked on hold memory; a run of the network alone takes 250 MB."""

RESTS_S = 15.0
"""Time in which an idle process has returned its free pages (removebg.allocator)."""

HEADER = "| attacker | photos | p95 | unloaded p95 | /livez p95, slowest | unloaded | memory kept | attackers' calls |"


@dataclass(frozen=True, slots=True)
class Measured:
    """What was seen beside one kind of attacker, and without it right before and after."""

    kind: str
    report: Report
    photos_alone: Seen
    health_alone: Seen
    kept_bytes: int
    endings: Counter[str]

    @property
    def faults(self) -> list[str]:
        return [f"{self.kind}: {fault}" for fault in [*self._not_answered, *self._late, *self._kept]]

    @property
    def row(self) -> str:
        """Return the row of the page's table."""
        photos, health = self.report.photos, self.report.health
        cells = (
            f"{KINDS[self.kind].attackers} x {self.kind}",
            f"{photos.statuses['200']} of {photos.statuses.total()}",
            f"{photos.p95_s:.2f} s",
            f"{self.photos_alone.p95_s:.2f} s",
            f"{health.p95_s * 1000:.0f} ms, {health.slowest_s * 1000:.0f} ms",
            f"{self.health_alone.p95_s * 1000:.0f} ms, {self.health_alone.slowest_s * 1000:.0f} ms",
            f"{self.kept_bytes / 1024**2:+.0f} MiB",
            ", ".join(f"{count} {ending}" for ending, count in sorted(self.endings.items())),
        )
        return f"| {' | '.join(cells)} |"

    @property
    def _not_answered(self) -> list[str]:
        expected = {"photos": "200", "health": "200", "log_in": "403", "webhook": "200"}
        return [
            f"{name}: {dict(getattr(self.report, name).statuses)}"
            for name, status in expected.items()
            if not getattr(self.report, name).is_all(status)
        ]

    @property
    def _late(self) -> list[str]:
        photo_s, health_s = self.report.photos.p95_s, self.report.health.p95_s
        faults = []
        if photo_s > MAX_RATIO * self.photos_alone.p95_s + NOISE_S:
            faults.append(f"a photo took {photo_s:.2f} s, without the attack {self.photos_alone.p95_s:.2f} s")
        if health_s > max(MAX_HEALTH_S, MAX_RATIO * self.health_alone.p95_s):
            faults.append(f"/livez took {health_s:.3f} s, without the attack {self.health_alone.p95_s:.3f} s")
        return faults

    @property
    def _kept(self) -> list[str]:
        is_too_much = self.kind in MEMORY_ATTACKS and self.kept_bytes > MAX_KEPT_BYTES
        return [f"{self.kept_bytes / 1024**2:.0f} MiB were kept"] if is_too_much else []


def measure(scale: float) -> Finding:
    """Attack a fresh server in each way."""
    seconds = scaled(ATTACK_S, scale, at_least=AT_LEAST_S)
    alone_s = scaled(UNLOADED_S, scale, at_least=AT_LEAST_S)
    faults, rows = [], []
    for kind in KINDS:
        with tempfile.TemporaryDirectory(prefix="removebg-attack-", dir="/tmp") as folder:
            try:
                with running_site(Path(folder)) as site:
                    measured = _measure_one(site, kind, seconds, alone_s, scaled(PHOTOS, scale))
            except Exception as error:  # of one kind: the others are still tried
                faults.append(f"{kind}: {error!r}")
                continue
        print(measured.row, flush=True)
        rows.append(measured.row)
        faults += measured.faults
    return Finding(
        how_many=f"{len(KINDS)} kinds of attackers, {seconds} s each, {alone_s} s without before and after",
        figures="the customer's photos, the log-in form and Stripe's events were all answered; p95 of the photos at "
        f"most {MAX_RATIO:g} times that without the attack, /livez within {MAX_HEALTH_S * 1000:.0f} ms (p95); "
        f"{', '.join(MEMORY_ATTACKS)} left less than {MAX_KEPT_BYTES >> 20} MiB"
        if not faults
        else f"{len(faults)} faults",
        faults=faults,
        notes=[HEADER, "| --- |" + " ---: |" * 6 + " --- |", *rows],
    )


def _measure_one(site: Site, kind: str, seconds: float, alone_s: float, photos: int) -> Measured:
    site.customer.send_photos(2)
    before = _watch_alone(site, alone_s)
    memory = _resting_bytes(site)
    seconds = max(seconds, min(AT_MOST_S, 1.5 * photos * before.photos.p95_s))
    report, endings = site.watch(kind, seconds)
    kept = _kept_bytes(site, memory)
    after = _watch_alone(site, alone_s)
    return Measured(
        kind=kind,
        report=report,
        photos_alone=_together(before.photos, after.photos),
        health_alone=_together(before.health, after.health),
        kept_bytes=kept,
        endings=endings,
    )


def _watch_alone(site: Site, seconds: float) -> Report:
    with site.customer.at_work() as report:
        time.sleep(seconds)
    return report


def _together(one: Seen, other: Seen) -> Seen:
    return Seen(one.statuses + other.statuses, one.seconds + other.seconds)


def _resting_bytes(site: Site) -> int:
    """Return the smallest memory of a server that nobody calls."""
    ends, seen = time.monotonic() + RESTS_S, [_resident(site)]
    while time.monotonic() < ends:
        time.sleep(1)
        seen.append(_resident(site))
    return min(seen)


def _kept_bytes(site: Site, before: int) -> int:
    """Return by how much the memory is larger once it is as small as it becomes again."""
    ends, kept = time.monotonic() + SETTLES_S, [_resident(site) - before]
    while min(kept) > MAX_KEPT_BYTES / 4 and time.monotonic() < ends:
        time.sleep(1)
        kept.append(_resident(site) - before)
    return min(kept)


def _resident(site: Site) -> int:
    assert site.server.process is not None
    return resident_bytes(site.server.process.pid)


CHECK = Check("attacks", "A customer beside one attacker of each kind", measure)
