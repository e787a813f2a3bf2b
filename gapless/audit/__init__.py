"""Checks what the tables hold against what is promised, and repairs what a restore has put out of step.

audit.py    what is found, and why each finding is true; pure
tally.py    the numbers of one counter: which are missing, given twice, or not its own
reading.py  the tables, read in an order that audit.py depends on
reconcile.py  after a point-in-time restore

Counters and their entries are read by the processor's own modules, so that there is one reading of them. They are no
package, because a function's code is flat; they go to the end of the path, where they are in nobody's way.
"""

import sys
from pathlib import Path

PROCESSOR = Path(__file__).parents[2] / "functions" / "processor"

if str(PROCESSOR) not in sys.path:
    sys.path.append(str(PROCESSOR))
