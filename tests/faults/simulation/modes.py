"""How the processor is set up in a world: one lane a shard, one for all, or now this and now that; and the journal."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal
from unittest.mock import patch

import numbering

Lanes = Literal["lanes", "one lane", "mixed"]
Journal = Literal["fit", "always inline", "never inline"]
FITS: dict[Journal, Callable[..., bool]] = {
    "fit": numbering.fits,
    "always inline": lambda *_: True,
    "never inline": lambda *_: False,
}


@dataclass(frozen=True)
class Mode:
    """lanes: whether each shard has its own; journal: when the ids go into it."""

    lanes: Lanes = "lanes"
    journal: Journal = "fit"

    def __str__(self) -> str:
        return f"{self.lanes}, {self.journal}".replace(" ", "-").replace(",-", ":")

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Have the protocol use the journal so."""
        with patch.object(numbering, "fits", FITS[self.journal]):
            yield


MODES = [Mode(lanes, journal) for lanes, journal in itertools.product(("lanes", "one lane", "mixed"), FITS)]
