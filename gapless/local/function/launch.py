"""What a handler process runs: AWS's own runtime client, on a leash, with the handler's code compiled afresh.

Started as a script in the code folder: `python .../launch.py app.lambda_handler`.
"""

import os
import runpy
import sys
import threading
from collections.abc import Mapping
from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader, FileFinder, SourceFileLoader
from pathlib import Path


def end_with_parent() -> None:
    """End this process when the pipe on its standard input closes, which a parent's SIGKILL does too.

    Between invocations the lost Runtime API ends it anyway; this ends one that is busy in a handler.
    """
    os.read(0, 1)
    os._exit(1)


class FreshSourceLoader(SourceFileLoader):
    """Loads a module from its source, never from its .pyc.

    A .pyc is taken for current when its source has the same size and the same second: an edit made within a second of
    the last import is then not seen. Without stats importlib neither reads nor writes one.
    """

    def path_stats(self, path: str) -> Mapping[str, int]:
        """Refuse, so that no cached bytecode is considered."""
        raise OSError(f"bytecode is not cached for {path}")


def find_fresh(path: str) -> FileFinder:
    """A path hook for the folders of the function's own code; packages elsewhere keep their .pyc."""
    if not Path(path).resolve().is_relative_to(Path.cwd()):
        raise ImportError("not the function's own code")
    return FileFinder(path, (ExtensionFileLoader, EXTENSION_SUFFIXES), (FreshSourceLoader, [".py"]))


if __name__ == "__main__":
    sys.path[0] = os.environ["LAMBDA_TASK_ROOT"]  # in place of this file's folder
    sys.path_hooks.insert(0, find_fresh)
    threading.Thread(target=end_with_parent, daemon=True).start()
    runpy.run_module("awslambdaric", run_name="__main__", alter_sys=True)
