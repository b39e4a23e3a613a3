"""Rich text that a list has cut, fetched whole."""

from collections.abc import Callable, Mapping, Sequence

from source_zoho_crm.roads import Row
from zoho_crm.fields import Field

#: "Get Records": characters of a rich-text field that a list shows.
_CUT = 500

#: Asks for records at this path with these parameters.
Ask = Callable[[str, Mapping[str, str]], list[Row]]


class WholeTexts:
    """Puts the whole text where a page has no more than its beginning.

    Several records come in one call where the version can (`rich_ids`, "Get Rich Text Fields"),
    and one by one elsewhere. A text that was changed since the page was read is the new one
    already; its record comes again with the next sync.
    """

    def __init__(self, ask: Ask, module: str, fields: Sequence[Field], *, at_once: int) -> None:
        self._ask = ask
        self._module = module
        self._names = [field.api_name for field in fields if field.is_rich_text]
        self._at_once = at_once

    def mend(self, page: list[Row]) -> None:
        cut = {row["id"]: row for row in page if self._is_cut(row)}
        ids = list(cut)
        for start in range(0, len(ids), self._at_once or 1):
            for whole in self._fetch(ids[start : start + (self._at_once or 1)]):
                row = cut[whole["id"]]
                row.update((name, whole[name]) for name in self._names if name in whole)

    def _is_cut(self, row: Row) -> bool:
        return any(len(row.get(name) or "") >= _CUT for name in self._names)

    def _fetch(self, ids: Sequence[str]) -> list[Row]:
        params = {"fields": ",".join(self._names)}
        if self._at_once:
            path = f"{self._module}/actions/fetch_full_data"
            return self._ask(path, {**params, "ids": ",".join(ids)})
        return self._ask(f"{self._module}/{ids[0]}", params)
