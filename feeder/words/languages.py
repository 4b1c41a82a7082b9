"""What a language tag says of its texts: their direction, and its name in OpenGraph. Pure."""

from typing import Literal

# Written from right to left (CLDR, character order).
_LEFTWARD_SCRIPTS = frozenset(str.split("adlm arab aran hebr mand mend nkoo rohg samr syrc thaa yezi"))
_LEFTWARD_LANGUAGES = frozenset(
    str.split(
        "acm acq aeb ajp apc apd ar arc arq ars ary arz ayl azb bal bgn bqi ckb dv fa glk he iw ji ks lrc mzn nqo pes "
        "pnb prs ps rhg sd sdh skr syr ug ur yi",
    ),
)
_USUAL_REGIONS = {
    "ar": "AR", "cs": "CZ", "da": "DK", "de": "DE", "el": "GR", "en": "US", "es": "ES", "fa": "IR", "fi": "FI",
    "fr": "FR", "he": "IL", "hi": "IN", "hu": "HU", "id": "ID", "it": "IT", "ja": "JP", "ko": "KR", "nl": "NL",
    "no": "NO", "pl": "PL", "pt": "PT", "ro": "RO", "ru": "RU", "sv": "SE", "th": "TH", "tr": "TR", "uk": "UA",
    "ur": "PK", "vi": "VN", "zh": "CN",
}  # fmt: skip
_SCRIPT_LENGTH, _REGION_LENGTH = 4, 2


def direction_of(tag: str | None) -> Literal["ltr", "rtl", "auto"]:
    """Return the direction of texts in the language of a BCP 47 tag; "auto", that of their first letter, for None."""
    if not tag:
        return "auto"
    language, *others = _subtags(tag)
    script = next((part for part in others if len(part) == _SCRIPT_LENGTH and part.isalpha()), None)
    is_leftward = language in _LEFTWARD_LANGUAGES if script is None else script in _LEFTWARD_SCRIPTS
    return "rtl" if is_leftward else "ltr"


def opengraph_locale(tag: str | None) -> str | None:
    """Return a BCP 47 tag as OpenGraph writes it (`zh_TW`); None if it names no region and none is usual."""
    language, *others = _subtags(tag or "")
    region = next((part.upper() for part in others if len(part) == _REGION_LENGTH and part.isalpha()), None)
    if region is None:
        region = "TW" if language == "zh" and "hant" in others else _USUAL_REGIONS.get(language)
    return f"{language}_{region}" if region else None


def _subtags(tag: str) -> list[str]:
    return tag.lower().replace("_", "-").split("-")
