"""Where our reader of feeds means to differ from feedparser on feedparser's own corpus, document by document, and why.

Nothing is taken out by a pattern: a document that is not named here, or differs in a field that is not named, counts
against us. What is not on purpose any more must go from here too: `parity.py` tells which of these are alike by now.
"""

from collections.abc import Mapping

_Fields = Mapping[str, frozenset[str]]


def _all(fields: str, *names: str) -> _Fields:
    return dict.fromkeys(names, frozenset(fields.split()))


_ON_PURPOSE: Mapping[str, _Fields] = {
    "entries that say the very same are one entry": _all(
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
    "an id that is no IRI is no relative address either: feedparser makes it one, its own corpus does not": _all(
        "id link",
        "atom10/entry_id_with_attributes.xml",
        "lang/http_content_language_entry_title_inherit_2.xml",
    ),
    "an id is kept letter by letter (RFC 4287 §4.2.6.1), as the corpus itself expects": _all(
        "id link", "atom10/entry_id_no_normalization_4.xml"
    ),
    "of several dates where the format has one the first counts, as with every other element": _all(
        "published updated", "atom/entry_created_multiple_values.xml", "atom/entry_updated_multiple_values.xml"
    ),
    "no document type is ever read, so its entities have no text": _all("id", "rss/entity_in_doctype.xml"),
    "the title and link of a picture inside a category are not the entry's, which says nothing else": _all(
        "entries", "rss/item_category_image.xml"
    ),
    "RSS calls its text description; feedparser takes a summary beside it for the content": _all(
        "content", "rss/item_description_and_summary.xml"
    ),
    "an address that cannot be one is left to normalising, which drops it": _all(
        "link", "rss/item_guid_isPermaLink_ValueError.xml"
    ),
}
_REASONS = {
    (name, field): reason for reason, names in _ON_PURPOSE.items() for name, fields in names.items() for field in fields
}


def reason_for(name: str, field: str) -> str | None:
    """Return why we differ in a field of a document, called by its path below the corpus; None where we should not."""
    return _REASONS.get((name, field))


def outlived(names: frozenset[str], differing: frozenset[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return what is named here of these documents and is no difference (any more)."""
    return sorted(key for key in _REASONS if key[0] in names and key not in differing)
