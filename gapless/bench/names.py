"""What `gapless bench numbering` can choose from; apart, because --help has to be quick."""

DESIGNS = ("naive", "optimistic", "transaction", "lanes")
ENGINES = ("embedded", "dynamodb-local")
