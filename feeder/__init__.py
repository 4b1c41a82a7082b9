"""feeder turns folders of archived articles and remote feeds into one clean Atom feed, a website and a Telegram bot.

The names below are the public interface: services, scripts and their tests import nothing else. Each is loaded on
first use, so `import feeder` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from feeder.admin import (
        SourceLine,
        SourceOffer,
        add_source,
        export_opml,
        import_opml,
        list_sources,
        offer_source,
        pause_source,
        remove_source,
        resume_source,
    )
    from feeder.config.load import Config, load_config
    from feeder.config.saved import find_feed, read_search
    from feeder.config.settings import ChannelConfig, FeedConfig, TelegramConfig
    from feeder.config.template import Template, TemplateField, TemplateGroup, TemplateLine, parse_template
    from feeder.config.values import DigestTime, Hours, parse_digest, parse_duration, parse_hours
    from feeder.errors import ConfigError, FeederError, NoSuchEntryError, QueryError, ServiceError, StoreError
    from feeder.ingest.uploads import PictureSource
    from feeder.model import Credit, Draft, Entry, Feed, Link, Media, Person, Source, entry_key
    from feeder.normalise.boilerplate.notices import is_boilerplate
    from feeder.pictures.references import with_pictures_at
    from feeder.publish.feeds import feed_addresses
    from feeder.publish.html.pages import entry_path, results_address
    from feeder.query.nodes import Facts
    from feeder.service import RECEIVERS_PATH, Deliveries, Service
    from feeder.store import LAST_INGEST_NOTE, RESTORED_NOTE, Hit, Query, Results, Store, migrate, parse_query
    from feeder.store.tables import UtcDateTime
    from feeder.words import explain_query_error

_EXPORTS = {
    "feeder.admin": (
        "SourceLine",
        "SourceOffer",
        "add_source",
        "export_opml",
        "import_opml",
        "list_sources",
        "offer_source",
        "pause_source",
        "remove_source",
        "resume_source",
    ),
    "feeder.config.load": ("Config", "load_config"),
    "feeder.errors": (
        "ConfigError",
        "FeederError",
        "NoSuchEntryError",
        "QueryError",
        "ServiceError",
        "StoreError",
    ),
    "feeder.ingest.uploads": ("PictureSource",),
    "feeder.model": ("Credit", "Draft", "Entry", "Feed", "Link", "Media", "Person", "Source", "entry_key"),
    "feeder.normalise.boilerplate.notices": ("is_boilerplate",),
    "feeder.pictures.references": ("with_pictures_at",),
    "feeder.publish.feeds": ("feed_addresses",),
    "feeder.publish.html.pages": ("entry_path", "results_address"),
    "feeder.config.saved": ("find_feed", "read_search"),
    "feeder.words": ("explain_query_error",),
    "feeder.query.nodes": ("Facts",),
    "feeder.service": ("RECEIVERS_PATH", "Deliveries", "Service"),
    "feeder.config.settings": ("ChannelConfig", "FeedConfig", "TelegramConfig"),
    "feeder.store": ("LAST_INGEST_NOTE", "RESTORED_NOTE", "Hit", "Query", "Results", "Store", "migrate", "parse_query"),
    "feeder.store.tables": ("UtcDateTime",),
    "feeder.config.template": ("Template", "TemplateField", "TemplateGroup", "TemplateLine", "parse_template"),
    "feeder.config.values": ("DigestTime", "Hours", "parse_digest", "parse_duration", "parse_hours"),
}
_MODULE_OF = {name: module for module, names in _EXPORTS.items() for name in names}

__all__ = [
    "LAST_INGEST_NOTE",
    "RECEIVERS_PATH",
    "RESTORED_NOTE",
    "ChannelConfig",
    "Config",
    "ConfigError",
    "Credit",
    "Deliveries",
    "DigestTime",
    "Draft",
    "Entry",
    "Facts",
    "Feed",
    "FeedConfig",
    "FeederError",
    "Hit",
    "Hours",
    "Link",
    "Media",
    "NoSuchEntryError",
    "Person",
    "PictureSource",
    "Query",
    "QueryError",
    "Results",
    "Service",
    "ServiceError",
    "Source",
    "SourceLine",
    "SourceOffer",
    "Store",
    "StoreError",
    "TelegramConfig",
    "Template",
    "TemplateField",
    "TemplateGroup",
    "TemplateLine",
    "UtcDateTime",
    "add_source",
    "entry_key",
    "entry_path",
    "explain_query_error",
    "export_opml",
    "feed_addresses",
    "find_feed",
    "import_opml",
    "is_boilerplate",
    "list_sources",
    "load_config",
    "migrate",
    "offer_source",
    "parse_digest",
    "parse_duration",
    "parse_hours",
    "parse_query",
    "parse_template",
    "pause_source",
    "read_search",
    "remove_source",
    "results_address",
    "resume_source",
    "with_pictures_at",
]


def __getattr__(name: str) -> object:
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'feeder' has no attribute {name!r}")
    return getattr(import_module(_MODULE_OF[name]), name)
