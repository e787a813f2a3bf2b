"""The function host: runs a Lambda handler on this machine, each process behind a Lambda Runtime API of its own.

    invoke(event) ─▶ FunctionHost ─▶ HandlerProcess ─▶ RuntimeApi ◀── GET next, POST response ── awslambdaric, app.py
                     a pool           one process       its port

What differs from Lambda: memory is not limited, an idle process is not frozen, and code edited on disk is picked up
by the next invocation.
"""

from gapless.local.function.host import FunctionHost
from gapless.local.function.runtime_api import Invocation
from gapless.local.function.settings import FunctionSettings

__all__ = ["FunctionHost", "FunctionSettings", "Invocation"]
