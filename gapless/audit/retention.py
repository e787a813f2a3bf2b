"""How long requests are kept: what is missing may have expired. Pure."""

from dataclasses import dataclass, replace

DAY = 86_400_000  # ms
CLOCKS = 3_600_000  # ms that clocks may differ: DynamoDB's, a function's, this machine's
NEVER = -1


@dataclass(frozen=True)
class Retention:
    """What is known of it beside the requests themselves.

    days: RetentionDays of the stack, or less if it was once less; 0 for ever, None if unknown. failed_days: the same of
    FailedRetentionDays. none_expired: somebody knows that no request has expired yet. done, failed: see learn.
    """

    days: int | None = None
    failed_days: int | None = None
    none_expired: bool = False
    done: int | None = None
    failed: int | None = None

    def learn(self, done: int | None, failed: int | None) -> "Retention":
        """The same, with the shortest times, ms, that DONE and FAILED requests which are left are kept for."""
        return replace(self, done=done, failed=failed)

    def horizon(self, now: int, *, with_failed: bool = False) -> int:
        """Of what was completed before it, epoch ms, DONE requests may have expired, or any that are finished.

        NEVER when nothing can have. 0 when requests are kept for ever: once they may not have been, and then what came
        before all that are left has expired.
        """
        if self.none_expired:
            return NEVER
        times = [self.done, (self.days or 0) * DAY]
        if with_failed:
            times += [self.failed, (self.failed_days or 0) * DAY]
        shortest = min((time for time in times if time), default=None)
        return 0 if shortest is None else max(0, now - shortest + CLOCKS)

    @property
    def failed_expire(self) -> bool:
        """Whether FAILED requests may have been deleted."""
        return not self.none_expired and (self.failed is not None or self.failed_days != 0)
