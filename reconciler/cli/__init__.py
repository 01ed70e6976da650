"""The terminal: commands, options, exit codes, progress. Nothing is decided here."""
