"""The same template.yaml on a laptop: no Docker, no account, no token."""
