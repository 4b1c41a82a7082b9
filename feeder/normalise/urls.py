"""Cleans addresses for readers, folds them for comparison, and percent-encodes them for identifiers.

Input is untrusted text; the result is an http(s) address or None. Whether an address may be fetched is the HTTP
client's decision (`sources/http/addresses.py`).
"""

import re
from ipaddress import ip_address
from urllib.parse import SplitResult, quote, unquote, unquote_to_bytes, urljoin, urlsplit, urlunsplit

_SCHEMES = frozenset({"http", "https"})
_DEFAULT_PORTS = {"http": 80, "https": 443}
_MAX_LENGTH = 4096

# Browsers drop tabs and line breaks anywhere in an address (WHATWG URL, "basic URL parser").
_DROPPED = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\ufffe\uffff]")
_AMPERSAND = re.compile(r"&(?:amp;|#0*38;|#x0*26;)+", re.IGNORECASE)
# Addresses that need no cleaning: lower-case host, simple path, no query, no fragment.
_CLEAN = re.compile(
    r"https?://(?!i[0-3]\.wp\.com)(?:(?!xn--)[a-z0-9-]+\.)+[a-z]{2,}(?:/(?:[\w/.~+,;=@!$()*-]++|%[0-9A-Fa-f]{2})*)?"
)
_CANONICAL = re.compile(r"[\w/:@!$&'()*+,;=~.-]*", re.ASCII)
# A second address after a character that cannot be part of one: it does not belong to the first.
_GLUED = re.compile(r"(?<=[\u3000-\uffef\s])https?[:：]//", re.IGNORECASE)
_TRAILING = re.compile(r"(?<![\s\u3000，。；：！？、）】》」』”’])[\s\u3000，。；：！？、）】》」』”’]++\Z")
_HOST_ALONE = re.compile(r"www\.[\w-]+\.[\w.-]+(?=[/?#:]|\Z)", re.IGNORECASE)
_ABSOLUTE = re.compile(r"https?://", re.IGNORECASE)
_HOST = re.compile(r"[\w-]+(?:\.[\w-]+)*")
_NUMERIC = re.compile(r"(?:.*\.)?(?:\d+|0x[0-9a-f]*)", re.IGNORECASE)
_BARE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
# Characters that are not encoded: RFC 3986 §2.2 and §2.3, and the % of what is already encoded.
_SAFE = "/:@!$&'()*+,;=~-._%"
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?:[\w/:@!$&'()*+,;=~.?#-]|%[0-9A-Fa-f]{2})*", re.ASCII)
_NOT_IRI = re.compile(r"[\s\"<>\\^`{|}]")
# In a fragment they stay: scripts of pages compare it as it is written.
_NOT_IN_PATH = re.compile(r"[\[\]]|%(?![0-9A-Fa-f]{2})")

# Parameters that track the referrer and never select content.
_TRACKER = re.compile(
    r"utm_\w+|fbclid|gclid|gclsrc|dclid|gbraid|wbraid|msclkid|yclid|twclid|ttclid|igshid|igsh|mc_[ce]id|mkt_tok|_hs\w+|"
    r"hss_channel|oly_\w+|vero_\w+|xtor|at_(?:medium|campaign|custom\d|link\w*)|ns_(?:mchannel|source|campaign|linkname)|"
    r"ref_src|ref_url|cmpid|ocid|ncid|smid|spm|scm|is-pending-load|_ga|_gl|share_token|wt_mc_\w+|"
    r"__twitter_impression|guccounter|guce_referrer\w*",
    re.IGNORECASE,
)
# Parameters that are trackers on one site only.
_TRACKERS_AT = {
    "theepochtimes.com": frozenset({"est", "ea_src", "ea_med", "ea_cnt", "src_src", "src_cmp"}),
    "youtube.com": frozenset({"si", "feature", "pp"}),
    "youtu.be": frozenset({"si", "feature"}),
    "mp.weixin.qq.com": frozenset({"scene", "srcid", "sharer_shareid", "from", "isappinstalled", "subscene"}),
    "twitter.com": frozenset({"s", "t", "cn", "refsrc"}),
    "x.com": frozenset({"s", "t"}),
}
# A fragment that tracks clicks (`#xtor=RSS-1`) or was added by a feed reader.
_TRACKING_FRAGMENT = re.compile(r"(?:xtor|utm_\w+|ref|rss|at_medium)=.*|rss|rssowlmlink", re.IGNORECASE)

# Proxies and redirectors, and the parameters that have the real address.
_PROXIES = {
    "images.weserv.nl": ("url",),
    "wsrv.nl": ("url",),
    "l.facebook.com": ("u",),
    "lm.facebook.com": ("u",),
    "link.zhihu.com": ("target",),
    "google.com/url": ("q", "url"),
    "news.google.com/news/url": ("url",),
    "bing.com/news/apiclick.aspx": ("url",),
}
_DOCUMENT = re.compile(r"[^/\x00-\x1f]{1,200}\.(?:pdf|epub|docx?|odt|xlsx?|ods|pptx?|odp|csv|zip)", re.IGNORECASE)
_GOOGLE = re.compile(r"google\.(?:[a-z]{2,3}\.)?[a-z]{2,3}(?=/url\Z)")
_PHOTON = re.compile(r"i[0-3]\.wp\.com")


def clean_link(url: str, base: str | None = None) -> str | None:
    """Return an absolute http(s) address without trackers, proxies and credentials; None if there is none.

    A relative `url` is resolved against `base`; `www.example.org/a` is an absolute one without its scheme. Non-ASCII
    letters are unchanged (RFC 3987).
    """
    return url if _is_clean(url) else _clean_url(_unwrap(url), base, proxies_left=3)


def fold_link(url: str) -> str:
    """Return a key that is the same for all spellings of an address, for comparison only.

    It ignores scheme, `www.`, default port, trackers, proxies, doubled and trailing slashes, differences in
    percent-encoding, and the fragment. It is ASCII. Other text is returned percent-encoded.
    """
    clean = clean_link(url)
    if clean is None:
        return _normalise_encoding(url.strip())
    parts = urlsplit(clean)
    host = parts.netloc.removeprefix("www.")
    path = re.sub(r"/{2,}", "/", _normalise_encoding(parts.path)).rstrip("/")
    query = f"?{_normalise_encoding(parts.query)}" if parts.query else ""
    # Some sites distinguish pages by the fragment alone.
    fragment = f"#{_normalise_encoding(parts.fragment)}" if parts.fragment.startswith(("!", "/")) else ""
    return f"{_host_to_ascii(host)}{path}{query}{fragment}"


def file_name(url: str) -> str:
    """Return the name of the document at an address (`Annual report.pdf`); "" if it is no document but a page."""
    name = unquote(urlsplit(url).path.rpartition("/")[2]).strip()
    return name if _DOCUMENT.fullmatch(name) else ""


def to_uri(iri: str) -> str:
    """Return an IRI as a URI (RFC 3987 §3.1): the host in punycode, other non-ASCII characters percent-encoded."""
    if _URI.fullmatch(iri):
        return iri
    try:
        parts = urlsplit(iri)
    except ValueError:
        return _percent_encode(iri, "?#[]")
    return urlunsplit(
        (
            parts.scheme,
            _host_to_ascii(parts.netloc),
            _percent_encode(parts.path),
            _percent_encode(parts.query, "?"),
            _percent_encode(parts.fragment, "?"),
        ),
    )


def _is_clean(url: str) -> bool:
    """Whether an address needs no cleaning, as most do not."""
    return len(url) <= _MAX_LENGTH and _CLEAN.fullmatch(url) is not None


def _unwrap(url: str) -> str:
    """Return the address without escapes, invisible characters, quotes and text around it."""
    text = _AMPERSAND.sub("&", _DROPPED.sub("", url.replace("\u00a0", " "))).strip()
    text = text.strip("<>\"'")
    if text[:4].lower() == "http" and (second := _GLUED.search(text, 8)):
        text = text[: second.start()]
    return _TRAILING.sub("", text)


def _clean_url(text: str, base: str | None, *, proxies_left: int) -> str | None:
    parts = _split_url(text, base)
    if parts is None:
        return None
    target = _proxy_target(parts) if proxies_left else None
    if target is not None:
        found = target if _is_clean(target) else _clean_url(target, None, proxies_left=proxies_left - 1)
        if found is not None:
            return found
    fragment = "" if _TRACKING_FRAGMENT.fullmatch(parts.fragment) else parts.fragment
    path, query = (
        _NOT_IN_PATH.sub(_encode, part) for part in (parts.path, _without_trackers(parts.query, parts.netloc))
    )
    address = _NOT_IRI.sub(_encode, urlunsplit((parts.scheme, parts.netloc, path, query, fragment)))
    return address if len(address) <= _MAX_LENGTH else None


def _encode(found: re.Match[str]) -> str:
    return quote(found[0])


def _split_url(text: str, base: str | None) -> SplitResult | None:
    """Return the parts of an absolute http(s) address with a valid host; None for anything else."""
    if not text:
        return None
    if _HOST_ALONE.match(text):
        text = f"http://{text}"
    try:
        parts = urlsplit(text if _ABSOLUTE.match(text) else urljoin(base or "https:", text))
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    if parts.scheme not in _SCHEMES or not host:
        return None
    host = f"[{host}]" if ":" in host else host.rstrip(".")
    if not _is_host(host):
        return None
    if port is not None and port != _DEFAULT_PORTS[parts.scheme]:
        host = f"{host}:{port}"
    return parts._replace(netloc=host)


def _is_host(host: str) -> bool:
    """Whether browsers accept this as a host (WHATWG URL, "host parsing"): a name or an IP address."""
    if host.startswith("[") or _NUMERIC.fullmatch(host):
        try:
            ip_address(host.strip("[]"))
        except ValueError:
            return False
        return True
    if not host.isascii() or "xn--" in host:
        try:
            host.encode("idna").decode("idna")
        except UnicodeError:
            return False
    return _HOST.fullmatch(host) is not None


def _proxy_target(parts: SplitResult) -> str | None:
    """Return the target of a proxy or redirector; None if the address is neither."""
    if _PHOTON.fullmatch(parts.netloc):
        return f"https:/{parts.path}"
    host = parts.netloc.removeprefix("www.")
    names = _PROXIES.get(host) or _PROXIES.get(_GOOGLE.sub("google.com", f"{host}{parts.path}"))
    if names is None:
        return None
    fields = dict(field.partition("=")[::2] for field in reversed(parts.query.split("&")))
    target = next((value.removeprefix("ssl:") for name in names if (value := fields.get(name))), None)
    if target is None:
        return None
    if re.match(r"https?%3a|[^/?]*%2f|[^?]*%3f", target, re.IGNORECASE):
        target = unquote(target)
    return target if "://" in target else f"https://{target.lstrip('/')}"


def _without_trackers(query: str, host: str) -> str:
    if not query:
        return ""
    local = _TRACKERS_AT.get(host.removeprefix("www.").removeprefix("m."), frozenset())
    kept = [
        pair
        for pair in query.split("&")
        if pair and not _TRACKER.fullmatch(name := pair.partition("=")[0]) and name not in local
    ]
    return "&".join(kept)


def _normalise_encoding(text: str) -> str:
    """Return a canonical spelling of a part of an address: decoded once, then encoded where required."""
    if _CANONICAL.fullmatch(text):
        return text
    raw = unquote_to_bytes(text.encode("utf-8", "replace"))
    return quote(raw, safe=_SAFE.replace("%", ""))


def _percent_encode(text: str, also_safe: str = "") -> str:
    return _BARE_PERCENT.sub("%25", quote(text.encode("utf-8", "replace"), safe=_SAFE + also_safe))


def _host_to_ascii(host: str) -> str:
    if host.isascii():
        return host.lower()
    try:
        return host.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return quote(host.encode("utf-8", "replace"), safe=":[]@")
