"""Faults while a destination writes, and what became of each row."""
