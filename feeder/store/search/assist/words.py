"""Finds the words that several short texts have in common, without a dictionary. Pure.

Latin words are separated by spaces; a few in a row also count as one. Chinese has no spaces: a word is a run of
characters that occurs in several texts with different neighbours. 平主席 is not one if 近 always precedes it, nor
国家主 if 席 always follows; 中国 and 中国政府 both are if both have various neighbours. A word does not begin or end
with a character that only joins others (`_WEAK_STARTS`, `_WEAK_ENDS`).

Only frequent runs are extended, so the work is linear in the length of the texts.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from feeder.query.tokens import fold, highlight, is_lone, plain

MAX_CHARACTERS = 12  # of a word without spaces; a longer one is a repeated headline
MAX_WORDS = 3  # in a row
_MAX_NEIGHBOUR = 0.75  # of a run's neighbours; a more frequent one belongs to the word

# Words in texts about anything.
_STOP_WORDS = """
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
_STOP = frozenset(_STOP_WORDS.split())
# Characters that join or refer to others. The few words that begin or end with one (和平, 目的) are missed; characters
# of many words (为 of 华为, 以 of 以色列) are not listed.
_WEAK_STARTS = frozenset("的了着得之在是和与及或而但被把让也都还又就很更们说称吗呢吧啊呀")
_WEAK_ENDS = frozenset("的了着在是和与及或而但被把将让给从就也都还又很更最不没未第每各某我你他她它这那并下后里")

_UNIT = re.compile(r"[^\W_]+")
_NUMBERS = re.compile(r"[\d零〇一二三四五六七八九十百千万亿兆两几多年月日号时点分秒周个名人元岁次\s]+")
_CJK = re.compile("[\u0e00-\u0eff\u1100-\u11ff\u2e80-\ua4cf\uac00-\ud7ff\uf900-\ufaff\U00020000-\U000323af]+")


def is_distinctive(word: str) -> bool:
    """Whether a folded word says what a text is about: no number, date or stop word."""
    if _NUMBERS.fullmatch(word) or word in _STOP:
        return False
    if _CJK.match(word):
        return word[0] not in _WEAK_STARTS and word[-1] not in _WEAK_ENDS
    parts = word.split(" ")
    firm = not {parts[0], parts[-1]} & _STOP and not parts[0].isdigit()
    return firm and len(parts[0]) > 1 and (len(parts) == 1 or len(parts[-1]) > 1)


def words_of(texts: Sequence[str], *, least: int) -> dict[str, frozenset[int]]:
    """Return the distinctive words, folded, in at least `least` texts, with the indices of these texts.

    If a word contains another and nearly the same texts have both, only the longer one is returned.
    """
    runs = [(number, run) for number, text in enumerate(texts) for run in _runs(fold(text))]
    cjk = [(number, list(run)) for number, run in runs if isinstance(run, str)]
    spaced = [(number, run) for number, run in runs if not isinstance(run, str)]
    found = _segment(cjk, _frequent(cjk, least, "", MAX_CHARACTERS), least)
    found |= _frequent(spaced, least, " ", MAX_WORDS)
    return {word: where for word, where in found.items() if is_distinctive(word) and not is_lone(word)}


def as_written(word: str, texts: Iterable[str]) -> str:
    """Return the most frequent spelling of a folded word; the word itself if no text has it."""
    written: Counter[str] = Counter()
    for text in texts:
        written.update({fragment.text for fragment in highlight(text, (plain(word),)) if fragment.match})
    return min(written, key=lambda form: (-written[form], form), default=word)


def _runs(text: str) -> Iterator[str | list[str]]:
    """Yield runs of characters written without spaces, and lists of words separated by single spaces."""
    words: list[str] = []
    end = 0
    for found in _UNIT.finditer(text):
        for cjk, word in _split_scripts(found[0]):
            if cjk or text[end : found.start()] not in {"", " ", "-"}:
                if words:
                    yield words
                words = []
            if cjk:
                yield word
            else:
                words.append(word)
        end = found.end()
    if words:
        yield words


def _split_scripts(text: str) -> Iterator[tuple[bool, str]]:
    at = 0
    for cjk in _CJK.finditer(text):
        if at < cjk.start():
            yield False, text[at : cjk.start()]
        yield True, cjk[0]
        at = cjk.end()
    if at < len(text):
        yield False, text[at:]


_Run = tuple[int, list[str]]  # the number of its text, and its characters or words
_Place = tuple[int, int]  # of a run among all, and in the run


def _frequent(runs: Sequence[_Run], least: int, joint: str, longest: int) -> dict[str, frozenset[int]]:
    """Return the runs that occur in enough texts with various neighbours, and these texts."""
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
    """Whether neither the preceding nor the following neighbours are mostly the same."""
    before: Counter[str] = Counter()
    behind: Counter[str] = Counter()
    total = 0
    for number, at in places:
        run = runs[number][1]
        total += 1
        before.update(run[at - 1 : at] if at else ())  # none at the start of a run
        behind.update(run[at + length : at + length + 1])
    return all(count <= _MAX_NEIGHBOUR * total for side in (before, behind) for _, count in side.most_common(1))


def _segment(runs: Sequence[_Run], words: Mapping[str, frozenset[int]], least: int) -> dict[str, frozenset[int]]:
    """Return the words that remain when every run is split into the most likely words.

    Of 美国国务院 and 中国国防部 these are 美国, 中国, 国务院 and 国防部, and not 国国.
    """
    weights = {word: math.log(len(where) / len(runs)) for word, where in words.items()}
    unknown = math.log(0.5 / max(len(runs), 1))
    texts: dict[str, set[int]] = defaultdict(set)
    for number, run in runs:
        for word in _best_segmentation("".join(run), weights, unknown):
            texts[word].add(number)
    return {word: where for word, where in words.items() if len(texts[word]) >= least}


def _best_segmentation(run: str, weights: Mapping[str, float], unknown: float) -> Iterator[str]:
    """Yield the words of a run, the last one first, with the greatest sum of weights."""
    best: list[tuple[float, int]] = [(0.0, 0)]  # for each place, with the length of the word that ends there
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
