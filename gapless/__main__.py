"""`python -m gapless` is `gapless`."""

from gapless.cli import main

main()
