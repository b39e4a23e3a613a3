"""What a read of a module is to bring."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from source_zoho_crm.methods import AUTOMATIC
from source_zoho_crm.modules import Module
from source_zoho_crm.readers.column_groups import WideQueries
from source_zoho_crm.readers.windows import Span
from zoho_crm.fields import Field


@dataclass(frozen=True, slots=True)
class ReadPlan:
    """A module, the columns and the time that are read, and how."""

    module: Module
    fields: Sequence[Field]
    #: The manifest's values of the API version.
    version: Mapping[str, int]
    #: COQL, REST, Bulk or Automatic.
    method: str
    #: None: the module is read whole.
    span: Span | None
    #: The config's start date, which children that are read whole begin at.
    start: datetime
    #: The end of what is read.
    end: datetime
    #: Whatever is edited from now on gets a later Modified_Time.
    settled: datetime
    #: From when on deletions are emitted; None: never.
    deleted_since: datetime | None
    #: The state counts, so that it has to move while the module is read.
    in_steps: bool
    #: Shared by the reads of a run.
    wide: WideQueries
    #: Shared as well: what Automatic may choose beside REST. A method that needs a scope which the
    #: token lacks is taken out.
    usable: set[str]

    @property
    def queries(self) -> bool:
        """Whether the retrieval method may ask queries."""
        return self.method == "COQL" or (self.method == AUTOMATIC and "COQL" in self.usable)

    @property
    def name(self) -> str:
        return self.module.api_name
