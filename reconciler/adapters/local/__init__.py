"""The embedded CRM: `options` are what a file says of it, `door` is imported when it is opened."""
