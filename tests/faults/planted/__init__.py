"""Changes to functions/processor, each of which breaks a promise, and the test that has to notice."""

from tests.faults.planted.bug import Bug
from tests.faults.planted.commits import COMMITS
from tests.faults.planted.conditions import CONDITIONS
from tests.faults.planted.decisions import DECISIONS
from tests.faults.planted.progress import SAVES
from tests.faults.planted.stamps import STAMPS
from tests.faults.planted.sweeps import SWEEPS

BUGS: list[Bug] = [*CONDITIONS, *DECISIONS, *COMMITS, *STAMPS, *SAVES, *SWEEPS]
