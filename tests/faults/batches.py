"""The batches that are crashed at every boundary: what becomes of each record, and how a batch comes again."""

ACCEPTED, REJECTED, POISON, REPEATED, UNREADABLE = "accepted", "rejected", "poison", "repeated", "unreadable"
# Poison is what work() fails on, for a while; a repeated record announces the accepted request before it again.
ENDS = {ACCEPTED: "DONE", REJECTED: "FAILED", POISON: "DONE", REPEATED: "DONE", UNREADABLE: "FAILED"}

BATCHES = {
    "accepted": [ACCEPTED],
    "rejected": [REJECTED],
    "poison": [POISON],
    "accepted, repeated": [ACCEPTED, REPEATED],
    "rejected, accepted": [REJECTED, ACCEPTED],
    "accepted, poison": [ACCEPTED, POISON],
    "poison, accepted": [POISON, ACCEPTED],
    "five": [ACCEPTED, REJECTED, POISON, ACCEPTED, REPEATED],
    "ten": [ACCEPTED, ACCEPTED, REPEATED, UNREADABLE, ACCEPTED, REJECTED, ACCEPTED, POISON, REPEATED, ACCEPTED],
    "ninety-nine": [ACCEPTED, REJECTED, ACCEPTED] * 33,
}
# As it was, from its middle on, moved on by one, or from a checkpoint before it.
REDELIVERIES = ("whole", "suffix", "shifted", "older")
