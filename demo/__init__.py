"""`make demo`: the source at work, from a Zoho CRM into a DuckDB file, by way of PyAirbyte."""


class DemoError(Exception):
    """The demo cannot go on; its text is the one sentence that the user reads."""
