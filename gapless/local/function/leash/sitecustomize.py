"""What a handler process does before anything else: it takes its leash, and sees the handler's code as it is on disk.

Python imports a module of this name when it starts; the function host puts this folder on the process's PYTHONPATH, so
that the process itself is plain `python -m awslambdaric app.lambda_handler`.
"""

import sys
from collections.abc import Mapping
from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader, FileFinder, SourceFileLoader
from pathlib import Path

from gapless.local.leash import take_leash


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


sys.path_hooks.insert(0, find_fresh)
take_leash()
