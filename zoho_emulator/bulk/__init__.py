"""Bulk read: jobs, and the exports they make."""
