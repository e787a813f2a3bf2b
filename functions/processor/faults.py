"""The fault switch of a stack that was deployed to be tested: its function dies at random, as functions may."""

import os
import random

ONE_IN = int(os.environ.get("KILL_ONE_IN", "0"))


def may_die() -> None:
    """End the process here and now, one time in KILL_ONE_IN; never where that is 0, which is everywhere else."""
    if ONE_IN and random.randrange(ONE_IN) == 0:  # noqa: S311 - when to die is no secret
        os._exit(1)
