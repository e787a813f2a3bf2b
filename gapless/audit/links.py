"""The links between a FAILED request and the one it was sent again as: requeuedAs there, requeueOf here. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gapless.audit.retention import Retention

Item = Mapping[str, Any]

FORWARD, BACK = "requeuedAs", "requeueOf"


@dataclass(frozen=True)
class Dangling:
    """A link that is not returned. kind: as in findings.KINDS."""

    kind: str
    counter: str
    request_id: str


class Links:
    """All links of a table. Both ends are written by one transaction, so that one end alone is a fault whenever it is
    seen, but that either request may expire before the other."""

    def __init__(self) -> None:
        self._links: dict[str, dict[str, str]] = {FORWARD: {}, BACK: {}}

    def add(self, item: Item) -> None:
        """Note the links of a request."""
        for kind, links in self._links.items():
            if kind in item:
                links[item["requestId"]["S"]] = item[kind].get("S", "")

    def doubts(self) -> set[str]:
        """The requests at both ends of links that were not seen from both."""
        return {one for kind in self._links for pair in self._one_sided(kind) for one in pair if one}

    def _one_sided(self, kind: str) -> Iterator[tuple[str, str]]:
        """Links of a kind, from and to, whose other end was not seen."""
        returned = self._links[BACK if kind == FORWARD else FORWARD]
        return ((start, end) for start, end in self._links[kind].items() if returned.get(end) != start)

    def find_dangling(self, found: Mapping[str, Item], kept: Retention, now: int) -> Iterator[Dangling]:
        """The links that are still not returned, now that both ends were read again. found: by id; now: epoch ms.

        A request was completed no earlier than the one it came of: if that is recent, it cannot have expired.
        """
        horizon = kept.horizon(now, with_failed=True)
        for kind in self._links:
            for start, end in self._one_sided(kind):
                here, there = found.get(start, {}), found.get(end)
                if here.get(kind, {}).get("S") != end:
                    continue
                counter = here.get("counter", {}).get("S", "")
                if there is None:
                    completed = int(here.get("completedAt", {}).get("N", 0))
                    if completed > horizon if kind == FORWARD else not kept.failed_expire:
                        yield Dangling("link-to-nowhere", counter, start)
                elif there.get(BACK if kind == FORWARD else FORWARD, {}).get("S") != start:
                    yield Dangling("link-not-returned", counter, start)
