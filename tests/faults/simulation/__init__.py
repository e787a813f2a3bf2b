"""A world in which everything happens that may happen to the numbering protocol, under one seed."""
