"""Throttling: a token bucket a method.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html
"""

from collections.abc import Callable
from dataclasses import dataclass

from gapless.local.gateway.definition import DefinitionError, refuse_unknown
from gapless.local.template import Node

SERVED = ("HttpMethod", "ResourcePath", "ThrottlingBurstLimit", "ThrottlingRateLimit")
WITHOUT_LOCAL_EFFECT = {
    "CacheDataEncrypted": "no cache is switched on",
    "CacheTtlInSeconds": "no cache is switched on",
    "DataTraceEnabled": "what goes wrong is logged",
    "LoggingLevel": "what goes wrong is logged",
    "MetricsEnabled": "nobody reads metrics here",
}


@dataclass(frozen=True)
class Throttle:
    """rate: requests a second in the long run; burst: requests at once."""

    rate: float
    burst: float


def read_throttles(settings: Node, place: str) -> dict[tuple[str, str], Throttle]:
    """The throttles of a stage's MethodSettings, by (HTTP method or `*`, resource path or `/*`)."""
    throttles = {}
    for index, setting in enumerate(settings or []):
        here = f"{place}[{index}]"
        setting = refuse_unknown(setting, SERVED, WITHOUT_LOCAL_EFFECT, here)
        if "ThrottlingRateLimit" not in setting:
            continue
        path = "/" + str(setting.get("ResourcePath", "/*")).replace("~1", "/").lstrip("/")
        try:
            rate = float(setting["ThrottlingRateLimit"])
            burst = float(setting.get("ThrottlingBurstLimit", max(rate, 1)))
        except ValueError as error:
            raise DefinitionError(f"{here}: a throttling limit must be a number: {error}") from error
        throttles[str(setting.get("HttpMethod", "*")).upper(), path] = Throttle(rate, burst)
    return throttles


def throttle_of(throttles: dict[tuple[str, str], Throttle], method: str, path: str) -> Throttle | None:
    """The throttle of one method: its own setting before one for all methods, all paths, or both."""
    candidates = ((method, path), ("*", path), (method, "/*"), ("*", "/*"))
    return next((throttles[one] for one in candidates if one in throttles), None)


class TokenBucket:
    """Starts full with `burst` tokens and gains `rate` a second."""

    def __init__(self, throttle: Throttle, monotonic: Callable[[], float]) -> None:
        self._throttle = throttle
        self._monotonic = monotonic
        self._tokens = throttle.burst
        self._filled_at = monotonic()

    def take(self) -> bool:
        """Take one token; False when there is none."""
        now = self._monotonic()
        gained = (now - self._filled_at) * self._throttle.rate
        self._tokens = min(self._throttle.burst, self._tokens + gained)
        self._filled_at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
