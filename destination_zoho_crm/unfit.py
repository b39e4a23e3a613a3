"""What a value is when Zoho would not take it."""


class UnfitError(ValueError):
    """Zoho would not take the value. The reason never shows the value."""
