"""Intended differences from feedparser on feedparser's own corpus, by document and field, with the reason.

There are no patterns: any other document or field that differs counts against us. Entries that no longer differ must be
removed from here: `parity.py` lists them.
"""

from collections.abc import Mapping

_Fields = Mapping[str, frozenset[str]]


def _all(fields: str, *names: str) -> _Fields:
    return dict.fromkeys(names, frozenset(fields.split()))


_ON_PURPOSE: Mapping[str, _Fields] = {
    "identical entries are one entry": _all(
        "entries",
        "atom/entry_link_no_href_link_priority.xml",
        "atom/entry_link_rel_enclosure_no_href.xml",
        "atom10/entry_link_no_href_link_priority.xml",
        "atom10/entry_link_rel_enclosure_no_href.xml",
        "lang/entry_content_xml_lang_blank_3.xml",
        "node_precedence/atom10_arbitrary_element.xml",
        "node_precedence/atom10_id.xml",
        "node_precedence/atom10_title.xml",
    ),
    "Content-Location is no base for addresses (RFC 7231 appendix B)": {
        **_all("id link", "base/http_entry_id_base_content_location.xml"),
        **_all(
            "link", "base/http_entry_link_base_content_location.xml", "base/http_item_link_base_content_location.xml"
        ),
    },
    "an id that is not an IRI is not resolved as a relative one: feedparser does so, its own corpus does not": _all(
        "id link",
        "atom10/entry_id_with_attributes.xml",
        "lang/http_content_language_entry_title_inherit_2.xml",
    ),
    "an id is kept character by character (RFC 4287 §4.2.6.1), as the corpus itself expects": _all(
        "id", "atom10/entry_id_no_normalization_4.xml"
    ),
    "of several dates where the format allows one, the first counts, as with all elements": _all(
        "published updated", "atom/entry_created_multiple_values.xml", "atom/entry_updated_multiple_values.xml"
    ),
    "document types are not read, so their entities have no text": _all("id", "rss/entity_in_doctype.xml"),
    "the title and link of an image inside a category are not the entry's, which has no other data": _all(
        "entries", "rss/item_category_image.xml"
    ),
    "in RSS the text is the description; feedparser prefers a summary next to it": _all(
        "content", "rss/item_description_and_summary.xml"
    ),
    "an invalid address is left to normalising, which drops it": _all(
        "link", "rss/item_guid_isPermaLink_ValueError.xml"
    ),
}
_REASONS = {
    (name, field): reason for reason, names in _ON_PURPOSE.items() for name, fields in names.items() for field in fields
}


def reason_for(name: str, field: str) -> str | None:
    """Return why we differ in a field of a document (its path below the corpus); None if we should not."""
    return _REASONS.get((name, field))


def obsolete(names: frozenset[str], differing: frozenset[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the differences listed here for these documents that do not exist (any more)."""
    return sorted(key for key in _REASONS if key[0] in names and key not in differing)
