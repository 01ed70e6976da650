"""One module per command, each imported when it is run."""
