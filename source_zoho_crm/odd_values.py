"""Values that do not fit the data type of their field: counted, and logged once per field."""

import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from zoho_crm.fields import Field, describe_unfit

LOGGER = logging.getLogger("airbyte")


class OddValues:
    """The odd values of one stream while it is read."""

    def __init__(self, stream: str) -> None:
        self._stream = stream
        self._watched: list[Field] = []
        self._counts: Counter[Field] = Counter()

    def watch(self, fields: Iterable[Field]) -> list[Field]:
        """The fields, whose values are counted here from now on."""
        self._watched = [replace(field, report_odd=self._count) for field in fields]
        return self._watched

    def report(self) -> None:
        """One warning for each field with such values, with their number, in the order of the
        fields; then counting restarts."""
        for field in self._watched:
            if values := self._counts[field]:
                LOGGER.warning(f"{self._stream}.{field.api_name}: {describe_unfit(field, values)}")
        self._counts.clear()

    def _count(self, field: Field) -> None:
        if field not in self._counts:
            # A run that is killed logs no number.
            LOGGER.info(
                f"{self._stream}.{field.api_name}: a value does not fit the data type "
                f"{field.data_type}. The log has their number when the stream has been read."
            )
        self._counts[field] += 1
