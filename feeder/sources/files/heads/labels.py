"""Lines with labels (`Author: …`, `来源：…`) above an article. Pure."""

import re
from html import unescape
from typing import NamedTuple

from feeder.model import Credit, Link, Stamp
from feeder.sources.files.heads.lines import BARE_LINK, LINK, MAX_LINE, Line, link_parts, without_links
from feeder.sources.files.heads.metadata import Metadata
from feeder.sources.files.heads.original import says_original

_ROLES = {
    "author": r"(?:文章|原文)?作者|撰文|编写|笔者|筆者|著者|執筆者?|投稿者|書いた人|글쓴이|작성자|저자|기자|"
    r"(?:post |article )?authors?|(?:written )?by|writer|byline|autore?s?|autora|auteure?s?|par|verfasser(?:in)?|von|"
    r"автор[ы]?|tác giả|penulis|yazar|συγγραφέας|المؤلف|الكاتب|بقلم|نویسنده|מחבר|מאת|लेखक|ผู้เขียน|autor[ka]*|"
    r"författare|forfatter|kirjoittaja|szerző|schrijver",
    # An account of a platform, which is the author where no other is named.
    "account": r"(?:微信)?公[众眾][号號](?:名[称稱])?|[专專][栏欄](?:名)?",
    "published": r"(?:原文|文章)?(?:[发發][布佈表]|刊登|刊载|出版)(?:时间|時間|日期)?|[发發][布表][于於]|"
    r"日期|时间|時間|公開日時?|投稿日時?|掲載日時?|日付|日時|작성일|게시일|등록일|입력|날짜|발행일|"
    r"(?:date |first |originally )?(?:published|posted)(?: (?:on|at|date|time))?|"
    r"(?:publication |publish |post |release )?date|"
    r"(?:publish(?:ing)?|post) time|pub ?date|datum|veröffentlicht(?: am)?|erschienen(?: am)?|"
    r"(?:date de publication|publié)(?: le)?|fecha(?: de publicación)?|publicado(?: el| em)?|"
    r"data(?: di pubblicazione| de publicação| publikacji)?|pubblicato(?: il)?|(?:дата|опубликовано|дата публикации)|"
    r"(?:дата публікації|опубліковано)|(?:yayın )?tarihi?|ngày(?: đăng)?|tanggal|opublikowano|dátum|dato|julkaistu|"
    r"التاريخ|تاريخ النشر|تاریخ|תאריך|दिनांक|วันที่",
    "updated": r"(?:最[后後近])?(?:更新|修[改订訂])(?:时间|時間|日期|[于於])?|更新日時?|最終更新日?|수정일?|"
    r"(?:last )?(?:updated|modified|edited)(?: (?:on|at))?|(?:zuletzt )?aktualisiert(?: am)?|mis à jour(?: le)?|"
    r"actualizado(?: el)?|atualizado(?: em)?|aggiornato(?: il)?|обновлено",
    "translator": r"[译譯]者|翻[译譯]|translators?|translated by|übersetz(?:er|erin|t von|ung)|"
    r"traduct(?:eur|or|ora|ion)|"
    r"traduttore|tradutora?|перевод(?:чик)?|訳者|翻訳者?|옮긴이|번역",
    "tags": r"[标標][签籤]|[关關][键鍵][词詞字]|分[类類]|タグ|カテゴリー?|태그|카테고리|tags?|keywords?|"
    r"categor(?:y|ies)|topics?",
}
_ROLE = re.compile("|".join(f"(?P<{role}>{words})" for role, words in _ROLES.items()), re.IGNORECASE)
_LABELLED = re.compile(
    r"[>\s]*+(?:[-*+•·][ \t]++)?[*_]{0,3}+(?P<label>[^\W\d_](?>[^\n:：*_|\[\]<>。，,!?]{0,30}))[*_]{0,3}+[ \t]*+"
    r"[:：][*_]{0,3}+[ \t]*+(?P<value>\S[^\n]*+)"
)
_FIELD_SEPARATOR = re.compile(
    r"(?:[|｜]|(?<=\s)[·•/](?=\s)|\u3000|[ \t]{2})[ \t\u3000]{0,20}(?=[^\n:：|｜]{1,40}[:：](?!//))"
)
_EVENT = re.compile(
    r"地[点點址]|嘉[宾賓]|主[讲講]人?|場所|장소|venue|location|where|place|lieu|ort|lugar|luogo|место", re.IGNORECASE
)
_NAME_SEPARATOR = re.compile(r"[,，、;；&]| and | und | et | y ")
_MAX_VALUE, _MAX_SENTENCE = 200, 120
_MIN_ROLES = 2


class Labelled(NamedTuple):
    """A block of lines with labels (`作者：…`, `Published: …`): its metadata, the other lines in it, where it ends."""

    metadata: Metadata
    kept: tuple[str, ...]
    end: int


def read_labelled(lines: list["Line"]) -> Labelled | None:
    """Read the lines with labels at the start of `lines`; None unless they have two kinds of metadata."""
    found: list[tuple[str, str]] = []
    kept: list[str] = []
    others: list[str] = []  # below the last line that is known
    end = 0
    for line in lines:
        if not line.text.strip("> \t"):
            continue
        parts = _FIELD_SEPARATOR.split(line.text) if len(line.text) <= MAX_LINE else [line.text]
        fields = [field for part in parts if (field := _find_field(part)) is not None]
        if "event" in dict(fields):
            return None
        if len(fields) < len(parts):
            break
        others += [part for part, field in zip(parts, fields, strict=True) if not field[0]]
        if known := [field for field in fields if field[0]]:
            found, kept, others, end = [*found, *known], [*kept, *others], [], line.end
    roles = {role for role, _ in found}
    if len(roles) < _MIN_ROLES or not {"published", "updated", "link"} & roles:
        return None
    return Labelled(_labelled_metadata(found), tuple(kept), end)


def _find_field(line: str) -> tuple[str, str] | None:
    """Return the role and the value of a line with a label, "" for a role that is not known; None for another line."""
    match = _LABELLED.fullmatch(line)
    if match is None or len(match["value"]) > MAX_LINE:
        return None
    label, value = match["label"].strip(), match["value"].strip().strip("*_").strip()
    if says_original(label) and (address := _address_in(value)) is not None:
        return "link", address
    role = _ROLE.fullmatch(label)
    if _EVENT.fullmatch(label):
        return "event", value
    if role is None or not value:
        return ("", value) if value and len(value) <= _MAX_SENTENCE else None
    name = str(role.lastgroup)
    if len(value) > _MAX_VALUE or (name in {"published", "updated"} and not any(char.isdigit() for char in value)):
        return None
    return name, value


def _address_in(value: str) -> str | None:
    """Return the address that a value is, or links to."""
    match = LINK.fullmatch(value) or BARE_LINK.fullmatch(value)
    if match is None:
        return None
    address = unescape(link_parts(match)[1] if match.re is LINK else match["link"])
    return address if address.lower().startswith(("http:", "https:")) else None


def _labelled_metadata(found: list[tuple[str, str]]) -> Metadata:
    """Return the metadata of labelled values. What names a translator is a translation, whose original is elsewhere."""
    values: dict[str, list[str]] = {}
    for role, value in found:
        values.setdefault(role, []).append(value)
    names = [
        without_links(name).strip(" \t`*_@")
        for value in values.get("author") or values.get("account", [])
        for name in _NAME_SEPARATOR.split(value)
    ]
    links, translators = values.get("link", []), values.get("translator", [])
    link = links[0] if links and not translators else None
    categories = [tag.strip(" \t#`") for value in values.get("tags", ()) for tag in re.split(r"[,，、;；#]", value)]
    place = "labelled line"
    return Metadata(
        link=link,
        links=tuple(Link(rel="via", href=address) for address in links if translators),
        stamps=(
            *(Stamp(text=text, read_from="byline") for text in values.get("published", ())),
            *(Stamp(text=text, read_from="byline", means="updated") for text in values.get("updated", ())),
        ),
        authors=tuple(dict.fromkeys(filter(None, names))),
        credits=tuple(Credit(role="translator", name=without_links(name)) for name in translators),
        categories=tuple(filter(None, categories)),
        read_from={name: place for name, value in (("link", link), ("authors", names)) if value},
    )
