"""Periodic work: plain functions, run by one thread a process, each under a lease in the database."""

import logging
import os
import socket
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import close_old_connections
from django.utils import timezone

from accounts import security_log, wrong_passwords
from accounts.retention import clear_expired_sessions, delete_old_traces
from billing import (
    closed_customers,
    erasure,
    expiry,
    free_credit_budgets,
    free_usage,
    idempotency,
    ledger,
    low_credits,
    plan_mails,
    plan_reconciliation,
    recharge_mails,
    recharging,
    reconciliation,
    saved_cards,
)
from processing.history.sweeping import sweep_history
from processing.leases import take_lease
from processing.metrics import scheduler_failures, scheduler_runs
from processing.records import count_past_days, reduce_old_records

logger = logging.getLogger(__name__)

JOBS: Mapping[str, Callable[[datetime], Any]] = {
    "release_expired_holds": ledger.release_expired,
    "forget_idempotency_keys": idempotency.forget_expired,
    "delete_old_free_usage": free_usage.delete_old,
    "reduce_old_records": reduce_old_records,
    "count_past_days": count_past_days,
    "sweep_history": sweep_history,
    "clear_expired_sessions": clear_expired_sessions,
    "delete_old_traces": delete_old_traces,
    "remove_links": erasure.remove_links,
    "forget_free_credit_days": free_credit_budgets.forget_old_days,
    "expire_due_credits": expiry.expire_due,
    "delete_expired_security_events": security_log.delete_expired,
    "delete_expired_wrong_passwords": wrong_passwords.delete_expired,
    # Last, because Stripe or a mail server may keep them waiting.
    "finish_open_orders": reconciliation.finish_open_orders,
    "see_to_plans": plan_reconciliation.see_to_plans,
    "close_customers": closed_customers.close_customers,
    "replace_at_stripe": erasure.replace_at_stripe,
    "tell_of_plans": plan_mails.tell_of_plans,
    "finish_saved_cards": saved_cards.finish,
    "start_due_recharges": recharging.start_due,
    "send_recharge_news": recharge_mails.send_news,
    "warn_of_low_credits": low_credits.warn_of_low_credits,
    "warn_of_expiry": expiry.warn_of_expiry,
    "mail_about_wrong_passwords": wrong_passwords.send_mails,
}


def run_due_jobs(*, holder: str, every_s: float) -> list[str]:
    """Run each job whose lease is free and return their names; one job's failure stops no other."""
    ran = []
    for job, work in JOBS.items():
        try:
            if take_lease(job, holder=holder, lasts_s=every_s * 0.9):
                work(timezone.now())
                scheduler_runs.labels(job).inc()
                ran.append(job)
        except Exception:
            scheduler_failures.labels(job).inc()
            logger.exception("scheduled_job_failed", extra={"job": job})
    return ran


class Scheduler(threading.Thread):
    """A daemon thread that runs the jobs at once and then every SWEEP_EVERY_S seconds until told to stop."""

    def __init__(self) -> None:
        super().__init__(name="scheduler", daemon=True)
        self._stopping = threading.Event()
        self._holder = f"{socket.gethostname()}:{os.getpid()}"

    def run(self) -> None:
        """Work until stop()."""
        while True:
            close_old_connections()
            run_due_jobs(holder=self._holder, every_s=settings.SWEEP_EVERY_S)
            close_old_connections()
            if self._stopping.wait(settings.SWEEP_EVERY_S):
                return

    def stop(self) -> None:
        """Let the thread end after the job it is in."""
        self._stopping.set()
