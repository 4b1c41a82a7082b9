"""Writes the pages and feeds of saved searches, replayed ones at their turns."""

from collections.abc import Iterable

from feeder.config.saved import SavedSearch
from feeder.errors import StoreError
from feeder.publish.feeds import Topic, saved_topic
from feeder.publish.html import pages
from feeder.publish.replay import as_shown, pace_of, replay
from feeder.publish.steps.state import State, digest, write_feeds


def write_saved(state: State, saved: Iterable[SavedSearch]) -> None:
    """Write the pages and feeds of saved searches; those of one that cannot be answered stay as they are."""
    for search in saved:
        topic = saved_topic(search)
        if search.config.replay:
            _write_replayed(state, search, topic)
            continue
        try:
            found = state.store.entries.latest(search.config.limit, query=search.query, now=state.now)
            entries = state.renderer.shown(found)
        except StoreError as error:
            state.skip(f"feeds.{search.config.name}", str(error), *topic.files)
            continue
        state.files.write(topic.page, pages.render_topic(state.site, topic, state.with_pages(entries)).encode())
        write_feeds(state, topic, entries)


def _write_replayed(state: State, search: SavedSearch, topic: Topic) -> None:
    pace = pace_of(search.config, state.site.timezone)
    assert pace is not None  # noqa: S101  for the types
    try:
        turns = replay(search, pace, state.store, state.now)
        entries = state.renderer.shown([entry for entry, _ in turns])
    except StoreError as error:
        state.skip(f"feeds.{search.config.name}", str(error), *topic.files)
        return
    shown = [as_shown(entry, turn, state.site) for entry, (_, turn) in zip(entries, turns, strict=True)]
    fingerprint = digest(state.settings, topic, shown)
    if not state.files.are_unchanged(topic.files, fingerprint):
        page = pages.render_topic(state.site, topic, state.with_pages(entries))
        state.files.write(topic.page, page.encode(), fingerprint)
        write_feeds(state, topic, shown, fingerprint, is_apart=True)
    state.ledger.put(f"turn {search.config.name}", str(pace.current(state.now)))


def has_turn(state: State, search: SavedSearch) -> bool:
    """Whether another turn of a replayed feed has come since it was written."""
    pace = pace_of(search.config, state.site.timezone)
    return pace is not None and state.ledger.get(f"turn {search.config.name}") != str(pace.current(state.now))
