"""Ties a child process to its parent, so that it ends with it, by SIGKILL too.

The child's standard input is a pipe that the parent never writes to: it closes when the parent is gone.
`python -m gapless.local.leash MODULE` runs a module on such a leash.
"""

import os
import runpy
import sys
import threading


def take_leash() -> None:
    """End this process, at once, when its standard input closes."""
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    os.read(0, 1)
    os._exit(1)


if __name__ == "__main__":
    take_leash()
    module = sys.argv.pop(1)
    runpy.run_module(module, run_name="__main__", alter_sys=True)
