"""The sample org that a run starts with."""
