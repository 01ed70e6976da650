"""A plan or an outcome becomes text or JSON. Draws from what it is given alone; redaction happens here, once."""
