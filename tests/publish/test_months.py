from datetime import UTC, datetime

import pytest

from feeder.publish.html.pages import MonthEntry, MonthPage
from feeder.publish.months import PER_PAGE, divide_month, months_beside, oldest_page

NEWER, OLDER = MonthPage("2023-03", 1), MonthPage("2023-01")


def entries(count: int) -> list[MonthEntry]:
    return [MonthEntry(str(number), datetime(2023, 2, 1, tzinfo=UTC), "题") for number in reversed(range(count))]


@pytest.mark.parametrize("count", [0, 1, PER_PAGE, PER_PAGE + 1, 2 * PER_PAGE, 3 * PER_PAGE + 7])
def test_every_entry_is_on_one_page_and_each_page_leads_to_the_next(count: int) -> None:
    parts = list(divide_month("2023-02", entries(count), newer=NEWER, older=OLDER))
    assert [entry for part in parts for entry in part.listed] == entries(count)
    assert (parts[0].page, parts[0].total) == (MonthPage("2023-02"), count)
    assert {len(part.listed) for part in parts[1:]} <= {PER_PAGE}
    assert [part.newer for part in parts] == [NEWER, *(part.page for part in parts[:-1])]
    assert [part.older for part in parts] == [*(part.page for part in parts[1:]), OLDER]
    assert parts[-1].page == oldest_page("2023-02", count)


def test_a_new_entry_leaves_full_parts_as_they_were() -> None:
    before, after = (list(divide_month("2023-02", entries(count), newer=None, older=None)) for count in (650, 651))
    assert before[2:] == after[2:]
    assert before[1] == after[1]


def test_the_months_beside_one_that_came_or_went_lead_to_it() -> None:
    assert months_beside(["2023-01", "2023-05"], ["2023-05", "2023-03", "2023-01"]) == {"2023-01", "2023-05"}
    assert months_beside(["2023-01", "2023-03"], ["2023-01"]) == {"2023-01"}
    assert months_beside(["2023-01"], ["2023-01"]) == set()
