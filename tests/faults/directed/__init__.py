"""Interleavings of a few steps that random search finds too rarely, each drawn as a timeline and played by hand."""
