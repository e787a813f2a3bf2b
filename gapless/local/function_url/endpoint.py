"""One function URL, free of any transport."""

import json
import time
from collections.abc import Awaitable, Callable

from gapless.local.function import Invocation
from gapless.local.function_url.answer import JSON, NoAnswer, to_response
from gapless.local.function_url.event import to_event
from gapless.local.function_url.settings import FunctionUrlSettings
from gapless.local.gateway import Request, Response
from gapless.local.gateway.credentials import Security, check_credentials
from gapless.local.gateway.exchange import receive
from gapless.local.gateway.refusal import Refusal

FORBIDDEN = (
    "Forbidden. For troubleshooting Function URL authorization issues, see: "
    "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"
)


class FunctionUrl:
    """Answers the requests to one function's URL.

    name: the function's; account: whose it is; invoke: runs it on an event; log: gets what went wrong.
    """

    def __init__(
        self,
        settings: FunctionUrlSettings,
        *,
        name: str,
        account: str,
        invoke: Callable[[bytes], Awaitable[Invocation]],
        log: Callable[[str], None],
    ) -> None:
        self._settings = settings
        self._name = name
        self._account = account
        self._invoke = invoke
        self._log = log

    async def handle(self, request: Request) -> Response:
        """Answer one request; never raises."""
        exchange = receive(
            request, time.time(), api_id=self._name.lower(), account=self._account, stage="$default", variables={}
        )
        if self._settings.signed:
            try:
                check_credentials(Security(signature=True), exchange, ())
            except Refusal:
                headers = {**JSON, "x-amzn-ErrorType": "AccessDeniedException"}
                return Response(403, headers, json.dumps({"Message": FORBIDDEN}).encode())
        event = to_event(exchange, account=self._account, signed=self._settings.signed)
        try:
            invocation = await self._invoke(json.dumps(event).encode())
            if invocation.error is not None:
                self._log(f"{self._name}: {invocation.error.get('errorType')}: {invocation.error.get('errorMessage')}")
            response = to_response(invocation)
        except NoAnswer as reason:
            self._log(f"{self._name}: its answer cannot be sent: {reason}")
            response = Response(502, dict(JSON), b"Internal Server Error")
        except Exception as error:  # the stack is stopping, or the function's folder is gone
            self._log(f"{self._name}: it could not be invoked: {error!r}")
            response = Response(502, dict(JSON), b"Internal Server Error")
        response.headers["x-amzn-RequestId"] = exchange.context["requestId"]
        return response
