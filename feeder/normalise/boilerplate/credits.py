"""Parses credit lines: the author, translator, proofreader, editor and publisher of an article, as archives print them.

A credit line contains nothing but roles and names.
"""

import re
from collections.abc import Iterator

from feeder.model import Credit
from feeder.normalise.boilerplate.reporters import find_lone_reporter, find_reporters

_ROLES = {
    "author": "作者 采访 採訪 撰稿 撰文 供稿 文字 记者 記者 原作 文 Author Authors By Text",
    "translator": "翻译 翻譯 编译 編譯 译者 譯者 中翻 英翻 听译 译文 译 譯 Translator Translation",
    "proofreader": "校对 校對 校正 审校 審校 核稿 校稿 精校 校验 校 Proofreader Proofreading",
    "reviewer": "审核 審核 审稿 審稿 一审 二审 三审 初审 初審 复审 複審 终审 終審 Reviewer",
    "editor": (
        "责任编辑 責任編輯 编辑 編輯 责编 責編 主编 總編 总编 网编 網編 编剧 "
        "采编 采編 文编 美编 美編 编审 編審 排版 录入 錄入 搜集 素材 资料 整理 编者 选题 選題 Editor Editors"
    ),
    "publisher": "发布 發佈 發布 发稿 發稿 上传 上傳 转载 轉載 Publisher",
    "voice": "配音 音频 朗读 播音 主播 机听 听写 聽寫 録音 录音",
    "producer": "制作 製作 视频 視頻 剪辑 剪輯 字幕 监制 监製 统筹 策划 處理 处理 後期 后期 绘图",
    "illustrator": "插图 插圖 配图 美工 封面 合成 设计 設計 图片 圖片 图",
    "photographer": "摄影 攝影 题图 图片提供 圖片提供",
    "adviser": "顾问 顧問",
    "source": "来源 來源 出处 出處",
}
_ROLE_OF = {word: role for role, words in _ROLES.items() for word in words.split()}
# Roles must match in only one way, or many short ones in a row would cause excessive backtracking. The longest match
# is atomic, so it must not take the start of the next role: `文编辑` is 文 and 编辑, `译文字` is 译 and 文字.
_ONE_ROLE = "|".join(
    {"文编": "文编(?![者辑剧]|审(?![核稿校]))", "文字": "文字(?!幕)"}.get(word, word)
    for word in sorted(map(re.escape, _ROLE_OF), key=len, reverse=True)
    if word != "译文"  # already matched as 译 and 文
)
_ROLE = rf"(?>{_ONE_ROLE})(?>(?:人员|[人者员组])?)"
_AND = r"\s*+(?:[/／、&＆和与及，,·+]\s*+)?"
_MAX_ROLES = 10  # of one label
_JOINED = rf"{_ROLE}(?>(?:{_AND}{_ROLE}){{0,{_MAX_ROLES}}})"
_COLON = re.compile(r"[:：︰﹕|｜丨∣┃\\]")
# Any role at the start or after punctuation; only those of two or more characters within words.
_LABEL = re.compile(
    rf"(?:(?:^|(?<=[\s|｜/／;；,，、（(◎·*])){_JOINED}|(?<=\S)(?!文|图|译|譯|校){_JOINED})\s*+{_COLON.pattern}++\s*+",
)
# Without a colon, roles are a label only if a name or more roles follow after a space; else they are a name, or the
# start of one (`责编 文清`).
_NAMED = r"[ \u3000/／]++(?:[\w/·]{2,30}+|(?<=[ \u3000/／]/)[\w·])"
_RUN = rf"(?>(?:{_ROLE}){{1,{_MAX_ROLES}}})"
_APART = rf"(?=[\s/／、&＆和与及，,·+]){_AND}{_RUN}"
_ROLES_BEFORE = rf"{_RUN}(?>(?:{_APART}(?=[ \u3000/／]+[\w/·]{{2}}|{_APART})){{0,{_MAX_ROLES}}})"
_PAIR = rf"(?![A-Za-z]){_ROLES_BEFORE}{_NAMED}"
_SPACED = re.compile(rf"{_PAIR}(?>(?:[ \u3000]*+(?:(?:[;；,，]|(?![ \u3000])\s)[ \u3000]*+|(?<=[ \u3000])){_PAIR})*)")
_SPACED_PART = re.compile(rf"({_ROLES_BEFORE})[ \u3000/／]++([\w/·]++)")
# Roles with an object: `字幕文件制作：`, `G-News发布：`, `PPT制作：`.
_PRODUCTION = re.compile(
    rf"(?:[A-Za-z-]{{1,12}}{_JOINED}|\w{{1,6}}?(?:制作|製作|整理|剪辑|剪輯|处理|处理|上传|素材|设计|編輯|编辑|校对|翻译)(?:[及和]{_ROLE})?)"
    r"\s*+[:：]\s*(?P<name>[^。！？!?:：，《“]{1,30})",
)
# Only the name of a team may be followed by a full stop: `整理：某某小组。`
_LONG_TEAM = re.compile(rf"(?P<all>(?!作者){_JOINED}\s*+[:：][^。！？，]{{2,30}}(?:组|組|队|隊|部|团|社))。")
_QUOTED = re.compile(r"[“”《》]")  # quoted text is a title, not a name
_DESCRIBED = re.compile(r"[，,/／(（]")
_TEAM = re.compile(r"(?:\w{2,12})?(?:记者|記者)")
_LONE_ROLES = frozenset(
    [
        "记者",
        "記者",
        "责编",
        "責編",
        "网编",
        "編譯",
        "编译",
        "编辑",
        "編輯",
        "审校",
        "審校",
        "发稿",
        "發稿",
        "翻译",
        "校对",
        "校對",
        "审核",
        "发布",
    ]
)
_WORD = re.compile("|".join(sorted(map(re.escape, _ROLE_OF), key=len, reverse=True)))
_KIND_OF_ROLE = re.compile(r"[^\W\d_]{1,4}|[^\W\d_]{2,10}[台社报報网網]")  # `特约撰稿：`, `某某电台记者：`
_SENTENCE = re.compile(r"[。！？!?]|https?:")
_DECORATION = " \t\n\u3000\u00a0*＊_#◎·●■★☆|｜;；,，、/／—–-（(）)[]【】「」:："
_REPORTER = re.compile(
    r".{0,20}(?:记者|記者).{1,20}(?:报道|报导|報導|報道|专稿|專稿)|.{0,20}(?:记者|記者).{1,12}(?:发自|發自)[\u4e00-\u9fff·]{2,8}|"
    r".{2,20}[/／].{2,12}(?:报道|报导|報導|報道)|.{0,20}(?:记者|記者).{1,20}[电電]"
)
_NAME = r"[A-Z][\w.’'-]*(?: (?:[A-Z][\w.’'-]*|de|da|van|von|der|bin|al))*"
_NAMES = rf"{_NAME}(?:(?:, and|,| and| &| in) {_NAME})*"
_BY = re.compile(rf"(?:By|BY|by) (?P<names>(?=[A-Z][\w.’'-]+ [A-Z]){_NAMES})")
_ENGLISH_ROLES = {
    "writ": "author", "report": "author", "text": "author", "translat": "translator", "proofread": "proofreader",
    "edit": "editor", "photo": "photographer", "illustrat": "illustrator", "produc": "producer",
}  # fmt: skip
# Names are case-sensitive: otherwise each `and` could be one, which would cause excessive backtracking.
_ENGLISH = re.compile(
    rf"(?:(?i:Additional) )?(?P<role>(?i:{'|'.join(_ENGLISH_ROLES)}))\w* (?:and \w+ )?(?i:by) (?P<names>{_NAMES})"
)
_DESK = re.compile(
    r"(?:[^\W\d_]{2,5}(?: ?/ ?[^\W\d_]{2,5}){0,3} ?)?"
    r"[（(](?:据|據)?(?![^（）()]{0,30}[，,][前曾][^（）()]{0,30})[^（）()。]{2,30}(?:社|台|等|报|报道|网站|網站|reuters|afp|dpa)[^（）()。]{0,6}[)）]|"
    r"[（(][^（）()。，]{2,14}(?:编辑|編輯|综合)?(?:报道|報道|報導|报导)[)）]",
    re.IGNORECASE,
)
_DECORATION_OF_NAMES = _DECORATION.translate(str.maketrans("", "", "（(）)[]【】「」"))
_MAX_LENGTH = 200
_MAX_NAME = 50
_MAX_LONE_NAME = 100  # with a description of the person: `作者：某某，某报驻某地记者`
_MAX_WORDS, _MAX_WORD = 16, 8


def parse_credits(line: str) -> tuple[Credit, ...]:
    """Return the credits in a line; () if it contains anything else."""
    if _DESK.fullmatch(line.strip()):
        return _reporters(_strip_decoration(line))
    text = _strip_decoration(line)
    if (team := _LONG_TEAM.fullmatch(text)) is not None:
        text = team["all"]
    if not text or len(text) > _MAX_LENGTH or _SENTENCE.search(text):
        return ()
    labels = list(_LABEL.finditer(text)) if _COLON.search(text) else []
    if not labels:
        return _parse_production(text) or _parse_without_colons(text) or _parse_english(text)
    before = text[: labels[0].start()].strip(_DECORATION)
    is_kind = _KIND_OF_ROLE.fullmatch(before) is not None and text[labels[0].start() - 1].isalpha()
    if before and not (is_kind or _REPORTER.fullmatch(before)):
        return _parse_production(text)
    found = [*_reporters(before)] if before and not is_kind else []
    ends = [label.start() for label in labels[1:]] + [len(text)]
    for label, end in zip(labels, ends, strict=True):
        name = _strip_unmatched_bracket(text[label.end() : end].strip(_DECORATION_OF_NAMES))
        is_film = _QUOTED.search(name) is not None and _ROLE_OF.get(_strip_decoration(label[0])) in {
            "producer",
            "voice",
        }
        if is_film or len(name) > (_MAX_LONE_NAME if len(labels) == 1 and _DESCRIBED.search(name) else _MAX_NAME):
            return ()
        # `记者：王小明 台北报导`
        names = find_reporters(f"记者{name}") or (name,)
        found.extend(Credit(role=role, name=each) for role in _roles(label[0]) for each in names if each)
    return tuple(dict.fromkeys(found))


def is_empty_credit(line: str) -> bool:
    """Whether a line is a role without a name (`发布：`)."""
    text = _strip_decoration(line)
    return line.strip() != text and _LABEL.fullmatch(f"{text}：") is not None


def _roles(label: str) -> Iterator[str]:
    """Yield the roles in a label (`编剧&发布`), each once."""
    yield from dict.fromkeys(_ROLE_OF[word] for word in _WORD.findall(label))


def _strip_decoration(line: str) -> str:
    """Return a line without decoration and without brackets around the whole line."""
    text = line.strip(_DECORATION_OF_NAMES)
    if text.startswith(("（", "(", "[", "【", "「", "〔")) and text.endswith(("）", ")", "]", "】", "」", "〕")):
        return text[1:-1].strip(_DECORATION)
    return text


def _strip_unmatched_bracket(name: str) -> str:
    """Return a name without an unmatched bracket at its end."""
    if name.endswith(("）", ")")) and not re.search(r"[（(]", name):
        return name[:-1].rstrip()
    return name[:-1].rstrip() if name.endswith(("（", "(")) else name


def _parse_without_colons(text: str) -> tuple[Credit, ...]:
    if _SPACED.fullmatch(text):
        return tuple(
            Credit(role=role, name=name) for label, name in _SPACED_PART.findall(text) for role in _roles(label)
        )
    if _REPORTER.fullmatch(text):
        return _reporters(text)
    if (name := find_lone_reporter(text)) is not None:
        return (Credit(role="author", name=name),)
    return _parse_spaced(text.split())


def _reporters(line: str) -> tuple[Credit, ...]:
    """Return the people in a line about reporters; the whole line if there are none."""
    return tuple(Credit(role="author", name=name) for name in find_reporters(line) or (line,))


def _parse_english(text: str) -> tuple[Credit, ...]:
    """Parse `Reporting by A; editing by B`; () if there is anything else."""
    if (by := _BY.fullmatch(text)) is not None:
        return (Credit(role="author", name=by["names"]),)
    found = []
    for part in re.split(r"[;.|]\s*", text.rstrip(". ")):
        if (match := _ENGLISH.fullmatch(part)) is None:
            return ()
        found.append(Credit(role=_ENGLISH_ROLES[match["role"].lower()], name=match["names"]))
    return tuple(found)


def _parse_production(text: str) -> tuple[Credit, ...]:
    made = _PRODUCTION.fullmatch(text)
    return (Credit(role="editor", name=made["name"].strip(_DECORATION_OF_NAMES)),) if made else ()


def _parse_spaced(words: list[str]) -> tuple[Credit, ...]:
    """Parse `某台记者 甲 乙 报道 责编 丙 丁`: roles and names separated only by spaces."""
    found: list[Credit] = []
    role = ""
    if len(words) < 2 or not _TEAM.fullmatch(words[0]) or len(words) > _MAX_WORDS:  # noqa: PLR2004  a role and a name
        return ()
    for word in words:
        if word in _LONE_ROLES or _TEAM.fullmatch(word):
            role = _ROLE_OF["记者" if _TEAM.fullmatch(word) else word]
        elif len(word) > _MAX_WORD:
            return ()
        elif not word.endswith(("报道", "报导", "報道", "報導", "专电", "專電")):
            found.append(Credit(role=role, name=word))
    return tuple(dict.fromkeys(found))
