"""People as columns: convert, hash, pair, compare. Runs the engine (DuckDB); touches only its spill folder.

The engine joins and compares, and never converts a value. Converters come in as plain Python functions.
"""
