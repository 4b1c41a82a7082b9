"""Posts that wait for an admin are sent or dropped by buttons."""

from collections.abc import Iterator

import pytest

from feeder import Store
from feeder.words import ENGLISH
from tests.bot.api import BotApi
from tests.bot.conftest import CHAT, Running, channels, count_states, plan_posts, settings
from tests.bot.talk import Talk
from tests.conftest import on_sqlite_alone


@pytest.fixture
def admin(api: BotApi, each_store: Store) -> Iterator[Talk]:
    each_store.database.set_note("last ingest", "x")
    plan_posts(each_store, range(1, 5), channels(on_unknown="hold"))
    with each_store.database.begin() as connection:
        connection.exec_driver_sql("UPDATE bot_deliveries SET state = 'unknown', error = 'TimedOut'")
    api.add_user(77, "Admin")
    with Running(settings(api, CHAT, on_unknown="hold"), each_store, notice_s=3600):
        yield Talk(api, api.add_user(77, "Admin"))


def test_each_is_sent_or_dropped_or_all(admin: Talk, each_store: Store) -> None:
    waiting = count_states(each_store)["unknown"]
    assert waiting == 4
    assert admin.ask("/held") == "4 posts need a decision\n\n-1001\ntitle 1\nMay have been sent\nTimedOut"
    assert admin.rows == [["Send", "Drop"], ["Send all", "Drop all"]]
    assert "title 2" in admin.press("Send")
    admin.api.wait(lambda: len(admin.api.texts(CHAT)) == 1)
    assert "title 3" in admin.press("Drop")
    assert admin.press("Drop all") == ENGLISH.chat.nothing_held
    assert count_states(each_store) == {"sent": 1, "dropped": 3}


@on_sqlite_alone
@pytest.mark.parametrize("data", ["h:send:x", "h:keep:1", "h:send", "h"])
def test_a_forged_decision_changes_nothing(admin: Talk, each_store: Store, data: str) -> None:
    admin.ask("/held")
    assert admin.send(data) == ENGLISH.gone
    assert count_states(each_store) == {"unknown": 4}
