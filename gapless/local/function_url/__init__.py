"""Lambda function URLs: each a port of 127.0.0.1 whose every request is an invocation of its function.

    HTTP ─▶ FunctionUrl ─▶ signature? ─▶ to_event ─▶ invoke ─▶ to_response ─▶ HTTP

What differs from Lambda: of a signature only its presence and its form are looked at, its user is made up, and no
X-Forwarded-* header is added. Cross-origin settings and streamed responses are refused at the start.
"""

from gapless.local.function_url.endpoint import FunctionUrl
from gapless.local.function_url.settings import FunctionUrlSettings

__all__ = ["FunctionUrl", "FunctionUrlSettings"]
