"""A write: the plan, what it needs of the org, and the run."""

import logging
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from destination_zoho_crm.bulk_plan import find_obstacles
from destination_zoho_crm.bulk_report import log_spools
from destination_zoho_crm.catalog import (
    find_unused_mappings,
    list_lookup_names,
    list_module_names,
    list_paths,
)
from destination_zoho_crm.client import Client
from destination_zoho_crm.links import build_link_fields
from destination_zoho_crm.modules import TargetModules
from destination_zoho_crm.org_values import OrgValues, find_active_users
from destination_zoho_crm.picklists import Picklists
from destination_zoho_crm.plan import StreamPlan
from destination_zoho_crm.plan_log import log_methods, log_plan
from destination_zoho_crm.planning import make_plan
from destination_zoho_crm.protocol import Row, State
from destination_zoho_crm.record_finder import RecordFinder
from destination_zoho_crm.rejects import RejectedRows, open_store
from destination_zoho_crm.row_reading import prepare_readings
from destination_zoho_crm.settings import read_settings
from destination_zoho_crm.suggestions import Suggestions
from destination_zoho_crm.write_run import Run

LOGGER = logging.getLogger("airbyte")


def write(
    client: Client,
    config: Mapping[str, Any],
    streams: Sequence[Mapping[str, Any]],
    messages: Iterable[Row | State],
    stop: threading.Event | None = None,
) -> Iterator[str]:
    """Writes the rows and yields the states whose rows all have an outcome, as lines to print.

    Raises the problems of the plan before it takes the first row. Raises what stops the writing,
    `stop` among it, when all calls under way have their outcomes and the states are out.
    """
    settings = read_settings(config)
    rejects = RejectedRows(open_store(settings.kept_in))
    # First, so that the credits left are counted from the next answer on.
    client.org.fetch_details(client.metadata)
    modules = TargetModules(client.org.directory, client.metadata)
    wanted = modules.find_with_lookups(
        list_module_names(streams, settings.mappings),
        list_lookup_names(streams, settings.mappings),
        list_paths(streams, settings.mappings),
    )
    for mapping in find_unused_mappings(streams, settings.mappings):
        LOGGER.warning(f"The connection has no stream {mapping}, which a mapping names.")
    plans = make_plan(streams, settings.mappings, wanted, modules.names)
    link_fields = {
        plan.stream: build_link_fields(client, plan, settings.automations) for plan in plans
    }
    for field in chain.from_iterable(link_fields.values()):
        field.reader.check()
    log_plan(plans, link_fields, settings, client.config["schema_version"])
    obstacles = find_obstacles(client, plans, settings)
    log_methods(plans, obstacles, settings)
    log_spools(len(plans) - len(obstacles))
    org_values = OrgValues(
        find_active_users(client.metadata) if any(map(_names_users, plans)) else {},
        Picklists(modules, adds=settings.adds_options),
        Suggestions(modules),
        modules,
    )
    finder = RecordFinder(client, plans)
    finder.check()
    readings = prepare_readings(client, plans)
    run = Run(
        client,
        plans,
        settings,
        org_values,
        finder,
        link_fields,
        readings,
        rejects,
        obstacles,
        stop or threading.Event(),
    )
    yield from run.write(messages)


def _names_users(plan: StreamPlan) -> bool:
    return any(column.via == "email" for column in plan.columns)
