"""Credits for what can wait."""

from zoho_crm.usage import Usage


def test_what_can_wait_gets_what_is_neither_reserved_nor_promised_to_others() -> None:
    usage = Usage(reserve_percent=40)
    usage.set_total(1_000)
    with usage.set_aside(500) as left:
        assert left is None
        with usage.set_aside(101) as left_for_others:
            assert left_for_others == 100
        with usage.set_aside(100) as left_for_others:
            assert left_for_others is None
    with usage.set_aside(600) as left:
        assert left is None
    with usage.set_aside(601) as left:
        assert left == 600


def test_without_a_reserve_it_gets_what_is_left_of_the_day() -> None:
    usage = Usage()
    usage.set_total(1_000)
    with usage.set_aside(1_001) as left:
        assert left == 1_000


def test_where_the_credits_of_the_day_are_not_known_it_gets_all() -> None:
    usage = Usage(reserve_percent=40)
    usage.set_total(None)
    with usage.set_aside(10**9) as left:
        assert left is None
