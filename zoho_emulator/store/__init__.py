"""An org's schema, and its rows in sqlite."""
