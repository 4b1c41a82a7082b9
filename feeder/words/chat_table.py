"""The words of chats: what the bot says beyond what pages say too. A name in braces is filled in. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple


class Counted(NamedTuple):
    """A phrase about a number, {n}, in the plural forms of the CLDR; None where the language has no such form."""

    other: str
    one: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatWords:
    """The words of one language."""

    letter: str
    """What stands for the language in a button."""
    name: str
    """What its speakers call the language."""
    labelled: str
    """Of {label} and {value}."""
    yes_subscribe: str
    no: str
    back: str
    change: str
    one_moment: str
    """The answer comes, but must wait for its turn."""
    crowded: str
    menu: Mapping[str, str]
    """The commands that Telegram lists, and what each does."""

    # What there is.
    greeting_more: str
    help_button: str
    help_title: str
    help: str
    """Of {default} and {cap}."""
    admin_help_title: str
    admin_help: str
    feed_note: str
    no_search_feed: str

    # Searching and reading.
    best_first: str
    newest_first: str
    back_to_list: str
    read_usage: str
    no_article: str

    # Subscribing.
    this_chat: str
    choose_subscription: str
    """Of {where}."""
    ask_subscribe: str
    """Of {what} and {where}."""
    ask_subscribe_empty: str
    subscribed: str
    nothing_changed: str
    too_many_subscriptions: Counted
    watch_usage: str
    cannot_post: str
    """Of {where}."""
    refusals: Mapping[str, str]
    """Of {person}, their number."""

    # Subscriptions.
    subscriptions: str
    subscriptions_of: str
    """Of {where}."""
    no_subscriptions: str
    add_subscription: str
    look: str
    when: str
    pause: str
    resume: str
    end: str
    ask_end: str
    """Of {what}."""
    yes_end: str
    ended: str
    is_paused: str
    is_off: str
    by_operator: str
    in_topic: str
    """Of {topic}."""
    options: Mapping[str, str]
    values: Mapping[str, str]
    at_once: str
    daily: str
    """Of {time}."""
    weekly: str
    """Of {day} and {time}."""
    weekdays: Mapping[str, str]
    quiet: str
    """Of {hours}."""
    no_quiet: str
    per_hour: Counted
    any_number: str

    # Settings.
    settings: str
    language: str
    time_zone: str
    look_of_new: str
    automatic: str
    choose_language: str
    choose_zone: str
    no_such_zone: str

    # Admins.
    status: str
    entries: str
    states: Mapping[str, str]
    """What became of posts: `waiting`, `held` (it is not known whether they were sent), `failed`, `sent`."""
    add_usage: str
    ask_add: str
    """Of {name}."""
    yes_add: str
    added: str
    none_to_remove: str
    no_sources: str
    paused: str
    resumed: str
    removed: str
    choose_source: Mapping[str, str]
    ask_remove: str
    yes_remove: str
    opml_note: str
    no_opml: str
    imported: str
    """Of {added}, {known} and {refused}."""
    notice_off: str
    """What admins are told when a {chat} refuses the bot for a {reason}; the following are beside its name."""
    notice_on: str
    notice_held: Counted
    notice_failed: Counted
    notice_more: Counted
    and_more: Counted
    notice_second: str
    held: Counted
    nothing_held: str
    send: str
    drop: str
    send_all: str
    drop_all: str
    invites_off: str
    invite_usage: str
    invited: str
    """Of {person}."""
    uninvited: str
