"""Writes the pages and feeds of topics and what lists all feeds."""

from collections.abc import Iterable, Sequence

from feeder.publish.feeds import Topic
from feeder.publish.html import pages
from feeder.publish.steps.state import State, digest, write_feeds
from feeder.publish.subscribe import list_topics, render_opml
from feeder.publish.topics import Group, choose_topics, to_topic
from feeder.words import words_for


def write_topics(state: State, touched: Iterable[tuple[str, str]]) -> list[Topic]:
    """Write the pages and feeds of topics that are touched or new; return all topics."""
    changed, topics = set(touched), []
    language_name = words_for(state.site.language).language_name
    for group in choose_topics(state.groups):
        topic = to_topic(group, language_name)
        topics.append(topic)
        if (group.folder, group.name) in changed or state.ledger.fingerprint(topic.page) is None:
            _write_topic(state, group, topic)
    return topics


def _write_topic(state: State, group: Group, topic: Topic) -> None:
    newest = state.ledger.members(group, state.site.entries_per_feed)
    fingerprint = digest(state.settings, topic, group.total, *newest)
    if state.files.are_unchanged(topic.files, fingerprint):
        return
    entries = state.renderer.entries([mark.key for mark in newest])
    page = pages.render_topic(state.site, topic, state.with_pages(entries), total=group.total)
    state.files.write(topic.page, page.encode(), fingerprint)
    write_feeds(state, topic, entries, fingerprint)


def write_list(state: State, topics: Sequence[Topic]) -> None:
    """Write the page and the OPML that list all feeds."""
    kinds = list_topics(state.site, state.saved, topics)
    state.files.write(pages.SUBSCRIBE_PATH, pages.render_subscribe(state.site, kinds).encode())
    state.files.write(pages.OPML_PATH, render_opml(state.site, kinds))
