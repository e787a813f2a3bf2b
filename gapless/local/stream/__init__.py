"""The event source mapping: what stands between a table's stream and the function, as Lambda's own does it.

    StreamReader ─▶ filters ─▶ Shards ─▶ Lane, Lane, ... ─▶ invoke(event) ─▶ Outcome ─▶ done, tried again, or given up
      one, of the              by key      batch, window,                                on: FailureDestination
      engine's                 and place   one in flight
      stream                                    │
         └────────────── Checkpoint ◀───────────┘

What differs from Lambda: retries wait 50 ms to 5 s rather than up to minutes; a retry count starts anew with the
stack; records expire by the stream's own 24 hours only after a simulated outage; a tumbling window waits half a second
for its last records, not up to two minutes; the engine's one stream is dealt to logical shards, so that there is no
order between keys, as there is none between the shards of a busy table. They split and merge when told to, see Shards,
and go on in children of the same ranges when the engine has lost its stream over a restart.
"""

from gapless.local.stream.destination import bucket_folder, write_object
from gapless.local.stream.filter import InvalidPattern
from gapless.local.stream.mapping import EventSourceMapping
from gapless.local.stream.settings import InvalidMapping, MappingSettings
from gapless.local.stream.shards import CannotReshard, NoSuchShard
from gapless.local.stream.trimming import Trimming

__all__ = [
    "CannotReshard",
    "EventSourceMapping",
    "InvalidMapping",
    "InvalidPattern",
    "MappingSettings",
    "NoSuchShard",
    "Trimming",
    "bucket_folder",
    "write_object",
]
