"""What an org says of itself and of its modules."""

from typing import Any

from clients.python_sdk.sdk import NEW, answer, package, params

#: What is read once: package, class of its calls, call.
SETTINGS = (
    ("org", "Org", "get_organization"),
    ("users", "Users", "get_users"),
    ("roles", "Roles", "get_roles"),
    ("profiles", "Profiles", "get_profiles"),
    ("territories", "Territories", "get_territories"),
    ("currencies", "Currencies", "get_currencies"),
    ("contact_roles", "ContactRoles", "get_roles" if NEW else "get_contact_roles"),
)
#: What is read of each module.
METADATA = (
    ("fields", "Fields"),
    ("layouts", "Layouts"),
    ("related_lists", "RelatedLists"),
    ("custom_views", "CustomViews"),
)


def setting(name: str, operations: str, getter: str) -> int:
    """Rows of a call that takes no module."""
    call = getattr(getattr(package(name), f"{operations}Operations")(), getter)
    found = answer(call())
    return len(getattr(found, "get_org" if name == "org" else f"get_{name}")())


def of_module(name: str, operations: str, getter: str, module: str) -> list[Any]:
    """Rows of a call about a module."""
    there = package(name)
    if NEW:
        named = params(getattr(there, f"Get{operations}Param"), module=module)
        response = getattr(getattr(there, f"{operations}Operations")(), getter)(named)
    else:
        response = getattr(getattr(there, f"{operations}Operations")(module), getter)()
    found = answer(response)
    return list(getattr(found, getter)()) if found else []


def fields_of(module: str) -> list[Any]:
    return of_module("fields", "Fields", "get_fields", module)


def tags(module: str) -> int:
    there = package("tags")
    named = params(there.GetTagsParam, module=module)
    return len(answer(there.TagsOperations().get_tags(named)).get_tags())


def pipelines(module: str) -> int:
    """Those of the module's first layout."""
    layout = of_module("layouts", "Layouts", "get_layouts", module)[0]
    calls = package("pipeline").PipelineOperations(layout.get_id())
    return len(answer(calls.get_pipelines()).get_pipeline())


def the_module(name: str) -> int:
    operations = package("modules").ModulesOperations()
    get = operations.get_module_by_api_name if NEW else operations.get_module
    return len(answer(get(name)).get_modules())
