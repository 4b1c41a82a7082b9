"""Which words a number of short texts have in common, found without a dictionary. Pure.

A Latin word, or a few that follow one another, is what stands between blanks. Chinese has no blanks: there a word is
a run of characters that stands in several texts with changing neighbours. 平主席 is none where 近 always stands before
it, 国家主 is none where 席 always follows, and of 中国 and 中国政府 both are, where both go on in many ways. A word
does not begin or end with a character that only joins others (`_LOOSE_STARTS`, `_LOOSE_ENDS`).

Only runs that are frequent are made longer, so that the work grows with the texts and no faster.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from feeder.query.tokens import fold, highlight, is_lone, plain

MAX_CHARACTERS = 12  # of a word without blanks; what is longer is a headline that was repeated
MAX_WORDS = 3  # that follow one another
_SAME = 0.75  # where so many of a run's neighbours are one and the same, that one belongs to it

# What stands in texts about anything.
_EVERYWHERE = """
a about after all also am an and any are as at back be because been before being between both but by can could
day de del der des did die do does down during each el en et even every few first for from get go had has have
he her here him his how i if in into is it its just know la las le les like los made make many may me more most
much must my new no not now of off on one only or other our out over own per said same say says she should since
so some still such than that the their them then there these they this those three through time to too two und
under up us use used using very via von was way we well were what when where which while who why will with would
year years you your http https www com org html
我们 你们 他们 她们 它们 自己 什么 怎么 为什么 一个 一些 一种 一次 两个 没有 可以 可能 因为 所以 但是 如果 虽然
已经 今天 昨天 明天 今年 去年 目前 现在 时候 时间 表示 认为 指出 进行 通过 成为 出现 开始 继续 发生 问题 情况
方面 关于 星期 周一 周二 周三 周四 周五 周六 周日 上午 下午 记者 报道 报导 消息 新闻 文章 全文 来源 作者 编辑
更多 阅读 点击 持续 宣布 显示 举行 引发 面临 决定 针对 距离 此举 正式 公布 许多 很多 所有 其中 其他 以及 或者
甚至 同时 之后 之前 以来 以后 以前 非常 只是 还是 就是 不是 不会 不能 这个 那个 这些 那些 这样 那样 这种 一名
一位 多名 近日 日前 当地 当地时间 此前 随后 最后 首次 再次
"""
_STOP = frozenset(_EVERYWHERE.split())
# Characters that join or point at others. A firm word that begins or ends with one (和平, 目的) is missed: so few are
# that nothing else was left out for them, 为 of 华为 or 以 of 以色列.
_LOOSE_STARTS = frozenset("的了着得之在是和与及或而但被把让也都还又就很更们说称吗呢吧啊呀")
_LOOSE_ENDS = frozenset("的了着在是和与及或而但被把将让给从就也都还又很更最不没未第每各某我你他她它这那并下后里")

_UNIT = re.compile(r"[^\W_]+")
_NUMBERS = re.compile(r"[\d零〇一二三四五六七八九十百千万亿兆两几多年月日号时点分秒周个名人元岁次\s]+")
_CLOSE = re.compile("[\u0e00-\u0eff\u1100-\u11ff\u2e80-\ua4cf\uac00-\ud7ff\uf900-\ufaff\U00020000-\U000323af]+")


def is_telling(word: str) -> bool:
    """Say whether a folded word tells what a text is about: no number, no date, nothing that stands everywhere."""
    if _NUMBERS.fullmatch(word) or word in _STOP:
        return False
    if _CLOSE.match(word):
        return word[0] not in _LOOSE_STARTS and word[-1] not in _LOOSE_ENDS
    parts = word.split(" ")
    firm = not {parts[0], parts[-1]} & _STOP and not parts[0].isdigit()
    return firm and len(parts[0]) > 1 and (len(parts) == 1 or len(parts[-1]) > 1)


def words_of(texts: Sequence[str], *, least: int) -> dict[str, frozenset[int]]:
    """Return the telling words, folded, that at least so many of the texts have, and which texts those are.

    Where one word holds another and nearly the same texts have them, it is the longer one alone.
    """
    runs = [(number, run) for number, text in enumerate(texts) for run in _runs(fold(text))]
    close = [(number, list(run)) for number, run in runs if isinstance(run, str)]
    spaced = [(number, run) for number, run in runs if not isinstance(run, str)]
    found = _parted(close, _frequent(close, least, "", MAX_CHARACTERS), least)
    found |= _frequent(spaced, least, " ", MAX_WORDS)
    return {word: where for word, where in found.items() if is_telling(word) and not is_lone(word)}


def as_written(word: str, texts: Iterable[str]) -> str:
    """Return a folded word as most of the texts write it; as it is where none has it."""
    written: Counter[str] = Counter()
    for text in texts:
        written.update({fragment.text for fragment in highlight(text, (plain(word),)) if fragment.match})
    return min(written, key=lambda form: (-written[form], form), default=word)


def _runs(text: str) -> Iterator[str | list[str]]:
    """Yield the runs of characters that are written without blanks, and those of words that one blank parts."""
    words: list[str] = []
    end = 0
    for found in _UNIT.finditer(text):
        for close, word in _pieces(found[0]):
            if close or text[end : found.start()] not in {"", " ", "-"}:
                if words:
                    yield words
                words = []
            if close:
                yield word
            else:
                words.append(word)
        end = found.end()
    if words:
        yield words


def _pieces(text: str) -> Iterator[tuple[bool, str]]:
    at = 0
    for close in _CLOSE.finditer(text):
        if at < close.start():
            yield False, text[at : close.start()]
        yield True, close[0]
        at = close.end()
    if at < len(text):
        yield False, text[at:]


_Run = tuple[int, list[str]]  # the number of its text, and its characters or words
_Place = tuple[int, int]  # of a run among all, and in the run


def _frequent(runs: Sequence[_Run], least: int, joint: str, longest: int) -> dict[str, frozenset[int]]:
    """Return what stands in enough texts and belongs to nothing longer, and in which texts."""
    found: dict[str, frozenset[int]] = {}
    alive: dict[_Place, str] = {
        (number, at): unit for number, (_, run) in enumerate(runs) for at, unit in enumerate(run)
    }
    length = 1
    while alive and length <= longest + 1:
        places: dict[str, list[_Place]] = defaultdict(list)
        for place, word in alive.items():
            places[word].append(place)
        texts = {word: {runs[number][0] for number, _ in at} for word, at in places.items()}
        frequent = {word for word, where in texts.items() if len(where) >= least}
        for word in frequent:
            if length <= longest and _stands_alone(runs, places[word], length):
                found[word] = frozenset(texts[word])
        alive = {
            (number, at): joint.join(runs[number][1][at : at + length + 1])
            for (number, at), word in alive.items()
            if word in frequent and alive.get((number, at + 1)) in frequent
        }
        length += 1
    return found


def _stands_alone(runs: Sequence[_Run], places: Iterable[_Place], length: int) -> bool:
    """Say whether neither what stands before these places nor what stands behind is mostly the same."""
    before: Counter[str] = Counter()
    behind: Counter[str] = Counter()
    total = 0
    for number, at in places:
        run = runs[number][1]
        total += 1
        before.update(run[at - 1 : at] if at else ())  # at the edge of a run it is nothing
        behind.update(run[at + length : at + length + 1])
    return all(count <= _SAME * total for side in (before, behind) for _, count in side.most_common(1))


def _parted(runs: Sequence[_Run], words: Mapping[str, frozenset[int]], least: int) -> dict[str, frozenset[int]]:
    """Return the words that are still there when every run is parted into the likeliest words.

    Of 美国国务院 and 中国国防部 that leaves 美国, 中国, 国务院 and 国防部, and no 国国.
    """
    weights = {word: math.log(len(where) / len(runs)) for word, where in words.items()}
    unknown = math.log(0.5 / max(len(runs), 1))
    texts: dict[str, set[int]] = defaultdict(set)
    for number, run in runs:
        for word in _likeliest("".join(run), weights, unknown):
            texts[word].add(number)
    return {word: where for word, where in words.items() if len(texts[word]) >= least}


def _likeliest(run: str, weights: Mapping[str, float], unknown: float) -> Iterator[str]:
    """Yield the words of a run, the last one first, so that the sum of their weights is greatest."""
    best: list[tuple[float, int]] = [(0.0, 0)]  # for each place, and how long the word is that ends there
    for end in range(1, len(run) + 1):
        choices = [(best[end - 1][0] + weights.get(run[end - 1], unknown), 1)]
        for length in range(2, min(end, MAX_CHARACTERS) + 1):
            weight = weights.get(run[end - length : end])
            if weight is not None:
                choices.append((best[end - length][0] + weight, length))
        best.append(max(choices))
    end = len(run)
    while end:
        length = best[end][1]
        yield run[end - length : end]
        end -= length
