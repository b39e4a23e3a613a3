import pytest

from zoho_emulator.knobs import Knobs


@pytest.mark.parametrize(
    ("assignment", "name", "value"),
    [
        ("churn=3", "churn", 3),
        ("latency_ms=12.5", "latency_ms", 12.5),
        ("coql_credits=rows", "coql_credits", "rows"),
        ("admin_user=false", "admin_user", False),
        ("refused_modules=Leads, Deals", "refused_modules", ("Leads", "Deals")),
        ("refused_modules=Deals:INVALID_QUERY", "refused_modules", ("Deals:INVALID_QUERY",)),
        ("refused_modules=", "refused_modules", ()),
        ("trial_until=2026-01-01T00:00:00Z", "trial_until", "2026-01-01T00:00:00Z"),
        ("time_zone=Asia/Kolkata", "time_zone", "Asia/Kolkata"),
    ],
)
def test_a_knob_is_set_by_text(assignment: str, name: str, value: object) -> None:
    knobs = Knobs()
    knobs.set_text(assignment)
    assert getattr(knobs, name) == value


@pytest.mark.parametrize(
    "assignment",
    [
        "churn",
        "colour=red",
        "churn=often",
        "churn=-1",
        "coql_credits=half",
        "admin_user=perhaps",
        "time_zone=Mars/Olympus",
        "refused_modules=Deals:NOT_TODAY",
        "trial_until=tomorrow",
        "features_refused=territories:LOST",
        "unique_across=Leads",
    ],
)
def test_nonsense_is_refused(assignment: str) -> None:
    with pytest.raises(ValueError, match=assignment.split("=")[0]):
        Knobs().set_text(assignment)


def test_one_bad_value_leaves_all_as_they_were() -> None:
    knobs = Knobs()
    with pytest.raises(ValueError, match="colour"):
        knobs.set({"churn": 5, "colour": "red"})
    assert knobs.churn == 0
