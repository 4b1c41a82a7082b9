"""What the numeric dates of an archive show about their order."""

import pytest

from feeder.normalise.date_order import OrderCount, count_orders, known_orders, separator_of


@pytest.mark.parametrize(
    ("text", "separator", "count"),
    [
        ("26/06/2020", "/", OrderCount(day_first=1)),
        ("6/26/2020 10:00", "/", OrderCount(month_first=1)),
        ("By Ann Lee, 05/06/2020", "/", OrderCount(either=1)),
        ("13-06-2020", "-", OrderCount(day_first=1)),
        ("06-13-2020", "-", OrderCount(month_first=1)),
        ("05/05/2020", "/", None),
        ("13/13/2020", "/", None),
        ("00/05/2020", "/", None),
        ("05/32/2020", "/", None),
        ("23/10/30", "/", None),
        ("2020/06/26", None, None),
        ("2020-06-26", None, None),
        ("26.06.2020", None, None),
        ("1/26/06/2020", None, None),
        ("26/06-2020", None, None),
        ("26 June 2020", None, None),
    ],
)
def test_a_date_shows_its_order_if_only_one_is_a_day(
    text: str, separator: str | None, count: OrderCount | None
) -> None:
    assert separator_of(text) == separator
    assert count_orders([text]) == ({separator: count} if count is not None else {})


def test_all_dates_of_a_separator_count() -> None:
    counts = count_orders(["26/06/2020 and 05/06/2020", "27/06/2020", "06-26-2020"])
    assert counts == {"/": OrderCount(2, 0, 1), "-": OrderCount(0, 1, 0)}
    assert known_orders(counts) == {"/": True, "-": False}


@pytest.mark.parametrize(
    ("count", "orders"),
    [
        (OrderCount(), {}),
        (OrderCount(either=9), {}),
        (OrderCount(1, 0, 9), {"/": True}),
        (OrderCount(0, 1, 9), {"/": False}),
        (OrderCount(20, 1), {"/": True}),
        (OrderCount(2, 1), {}),
        (OrderCount(1, 1), {}),
    ],
)
def test_an_order_is_known_if_nearly_all_agree(count: OrderCount, orders: dict[str, bool]) -> None:
    assert known_orders({"/": count}) == orders
