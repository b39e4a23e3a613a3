"""What holds for the whole process of the tests."""

import gc


def pytest_collection_finish() -> None:
    """What has been imported stays: each garbage collection would look through it again."""
    gc.collect()
    gc.freeze()
