"""Calls that read records: lists, single records, deletions."""
