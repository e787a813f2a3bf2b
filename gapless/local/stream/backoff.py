"""How long to wait between tries."""

import random

# AWS waits longer; a developer should not.
FIRST_SECONDS = 0.05
LONGEST_SECONDS = 5.0


def backoff(failures: int) -> float:
    """Seconds to wait after so many failures in a row: doubling, and up to half of it random."""
    longest = min(FIRST_SECONDS * 2.0 ** min(failures - 1, 30), LONGEST_SECONDS)
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - keeps lanes from retrying in step; no secret
