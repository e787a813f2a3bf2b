"""Gapless: the tool on a developer's or operator's machine. Nothing here is packaged into a function."""
