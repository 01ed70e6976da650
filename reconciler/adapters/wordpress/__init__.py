"""People who are users of a WordPress site: read from its database, or through its REST API."""
