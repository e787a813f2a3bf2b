"""What `gapless bench` can choose from; apart, because --help has to be quick."""

DESIGNS = ("naive", "optimistic", "transaction", "lanes")
PATTERNS = ("optimistic", "naive", "transaction-per-item", "transaction", "lanes")  # from the most to the least known
ENGINES = ("embedded", "dynamodb-local")
PLOT_FORMATS = (".png", ".svg")
