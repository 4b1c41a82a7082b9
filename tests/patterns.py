"""Every regular expression of the program, how each is used, and worst-case texts for it.

The texts are derived from a pattern's parse tree. What a repeated part matches is repeated: alone, two variants in
turn, with what must precede it, and with what follows; then comes something that nothing matches. A pattern takes more
than linear time if two repeated parts can divide a text in many ways, or if it is tried again from every character;
such texts show both.
"""

import ast
import inspect
import pkgutil
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from itertools import chain, islice, pairwise
from math import log2
from random import Random
from re import _compiler, _constants, _parser  # type: ignore[attr-defined]  # public as sre_*, which warn
from types import FrameType, ModuleType
from typing import Any, NamedTuple

Pattern = re.Pattern[Any]
Tree = Any  # re._parser.SubPattern: a list of pairs, an operation and its arguments

PACKAGES = ("feeder", "bot")
STEEPEST = 1.5  # allowed exponent of the growth of time with length: 1 is linear, 2 quadratic

_WAYS = {"match": "match", "fullmatch": "fullmatch", "search": "search"}
_WAYS |= dict.fromkeys(("finditer", "findall", "sub", "subn", "split"), "finditer")
EVERY_WAY = frozenset(_WAYS.values())
# Position of the flags among the arguments of each function of `re`.
_FLAGS_AT = dict.fromkeys(_WAYS, 2) | {"compile": 1, "sub": 4, "subn": 4, "split": 3}

_MANY = 16  # a part repeated at most this often costs a constant factor
_CHARACTERS = "\x00\t\n\r ,-._;:/<>\"'()[]{}&=?#@!*+~|\\aZbx019é\u3000中年。，：、\u200b\U0001f600"
_MOST_LITERALS = 200
_MOST_BRANCHES = 300
_MOST_TRIED = 30
_MOST_KINDS = 10
_MOST_REPEATS = 24
_MOST_ATTACKS = 500

_ONE_CHARACTER = {_constants.IN, _constants.LITERAL, _constants.NOT_LITERAL, _constants.ANY}
_SHORT, _LONG = 1500, 100_000
_QUICK_S = 0.0003  # faster on _SHORT characters cannot be quadratic
_SUSPECT = 6  # factor of time for four times the text: linear is 4, quadratic 16
_NOTICED_S, _ENOUGH_S, _TOO_LONG_S = 0.004, 0.1, 0.3


class Attack(NamedTuple):
    prefix: str
    pump: str
    suffix: str

    def text(self, length: int) -> str:
        return self.prefix + self.pump * max(1, length // len(self.pump)) + self.suffix


class Growth(NamedTuple):
    """The time of a pattern on texts of one, two and four times a length."""

    way: str
    attack: Attack
    length: int
    seconds: tuple[float, float, float]

    @property
    def power(self) -> float:
        return log2(self.seconds[2] / self.seconds[0]) / 2

    def __str__(self) -> str:
        times = " ".join(f"{time:.4f}" for time in self.seconds)
        return f"{self.way} {self.attack}: {times} s at {self.length} characters and 2 and 4 times that"


# Finding the patterns


def modules() -> dict[str, ModuleType]:
    found = {}
    for package in map(import_module, PACKAGES):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".migrations" not in module.name and not module.name.endswith("__main__"):
                found[module.name] = import_module(module.name)
        found[package.__name__] = package
    return found


def reachable(module: ModuleType) -> dict[Pattern, str]:
    """Return every pattern reachable from the globals of a module, with a name for it."""
    found: dict[Pattern, str] = {}
    seen: set[int] = set()

    def follow(thing: object, name: str) -> None:
        if isinstance(thing, re.Pattern):
            found.setdefault(thing, name)
        elif id(thing) not in seen and not isinstance(thing, (str, bytes, int, ModuleType)):
            seen.add(id(thing))
            for key, part in _parts(thing, module):
                follow(part, f"{name}{key}")

    for name, thing in list(vars(module).items()):
        if not name.startswith("__"):
            follow(thing, name)
    return found


def _parts(thing: Any, module: ModuleType) -> Iterator[tuple[str, object]]:
    if isinstance(thing, dict):
        yield from ((f"[{key!r}]", part) for key, part in thing.items())
        yield from ((f"[{key!r}]", key) for key in thing)
    elif isinstance(thing, (tuple, list, set, frozenset)):
        yield from ((f"[{at}]", part) for at, part in enumerate(thing))
    elif _is_cached_pattern(thing, module):
        yield "()", thing()
    elif (kind := thing if isinstance(thing, type) else type(thing)).__module__.split(".")[0] in PACKAGES:
        yield from ((f".{key}", part) for key, part in getattr(thing, "__dict__", {}).items() if key[:2] != "__")
        yield from ((f".{key}", getattr(thing, key, None)) for key in getattr(kind, "__slots__", ()))


def written(module: ModuleType) -> tuple[dict[Pattern, tuple[str, set[str]]], set[str]]:
    """Return the patterns in the source of a module, and the functions that build patterns at run time.

    Each pattern has the place of its call and the ways the call uses it.
    """
    found: dict[Pattern, tuple[str, set[str]]] = {}
    made = set()
    for call, function in _calls(_source(module), ""):
        flags = [word.value for word in call.keywords if word.arg == "flags"]
        flags += call.args[_FLAGS_AT[_method(call)] :]
        try:
            values = [eval(ast.unparse(part), vars(module)) for part in (call.args[0], *flags[:1])]  # noqa: S307  our code
        except NameError:
            # Patterns built from constants on import, or cached, are found by `reachable`.
            if function and not _is_cached_pattern(vars(module).get(function), module):
                made.add(f"{module.__name__}:{function}")
            continue
        way = _WAYS.get(_method(call))
        found.setdefault(re.compile(*values), (f"line {call.lineno}", set()))[1].update({way} if way else ())
    return found, made


def _calls(node: ast.AST, function: str) -> Iterator[tuple[ast.Call, str]]:
    """Yield each call of a function of `re`, with the outermost function around it."""
    if isinstance(node, ast.Call) and _method(node) in _FLAGS_AT:
        yield node, function
    named = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
    for part in ast.iter_child_nodes(node):
        yield from _calls(part, function or (getattr(node, "name", "lambda") if named else ""))


def _method(call: ast.Call) -> str:
    return name.removeprefix("re.") if (name := ast.unparse(call.func)).startswith("re.") else ""


def _is_cached_pattern(thing: Any, module: ModuleType) -> bool:
    """Whether something is a cached function without parameters that returns patterns."""
    if not hasattr(thing, "cache_info") or thing.__module__ != module.__name__:
        return False
    signature = inspect.signature(thing)
    return not signature.parameters and "Pattern" in str(signature.return_annotation)


def ways_of_use(every: dict[str, ModuleType]) -> dict[Pattern, set[str]]:
    """Return how the program uses each pattern.

    One that is passed on or in a table may be used in every way in which its module uses variables; without any use,
    it is missing here.
    """
    used: dict[Pattern, set[str]] = {}
    passed_on: dict[Pattern, set[str]] = {}
    for module in every.values():
        of_variables: set[str] = set()
        for node in ast.walk(_source(module)):
            if isinstance(node, ast.Attribute) and node.attr in _WAYS:
                try:
                    holder = eval(ast.unparse(node.value), vars(module))  # noqa: S307  our own code
                except Exception:  # noqa: BLE001  not a constant of the module
                    if isinstance(node.value, ast.Name) and node.attr != "split":  # strings have `split` too
                        of_variables.add(_WAYS[node.attr])
                    continue
                if isinstance(holder, re.Pattern):
                    used.setdefault(holder, set()).add(_WAYS[node.attr])
        for pattern, (_, ways) in written(module)[0].items():
            used.setdefault(pattern, set()).update(ways)
        for pattern in reachable(module):
            if not used.get(pattern):
                passed_on.setdefault(pattern, set()).update(of_variables)
    return passed_on | {pattern: ways for pattern, ways in used.items() if ways}


def _source(module: ModuleType) -> ast.Module:
    return ast.parse(inspect.getsource(module))


# Worst-case texts


class _Repeat(NamedTuple):
    before: str
    body: Tree
    next_to: str  # an example of the text between this part and the next repeated one
    after: str


def attacks(pattern: Pattern) -> list[Attack]:
    tree = _parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG)
    shape = _Shape(tree, pattern.flags)
    whole = [shape.example(tree, variant) for variant in range(2)]
    found = chain.from_iterable(shape.against(repeat, whole) for repeat in islice(shape.repeats(), _MOST_REPEATS))
    every = [*dict.fromkeys(found)]
    return every if len(every) <= _MOST_ATTACKS else Random(0).sample(every, _MOST_ATTACKS)


class _Shape:
    """What the parts of a pattern match, judged by a few characters of each kind."""

    def __init__(self, tree: Tree, flags: int) -> None:
        self.tree, self.flags = tree, flags
        literals = islice(dict.fromkeys(chain.from_iterable(_literals(tree))), _MOST_LITERALS)
        highest = 0xFF if isinstance(tree.state.str, bytes) else 0x10FFFF
        self.characters = [*filter(lambda one: ord(one) <= highest, dict.fromkeys((*_CHARACTERS, *literals)))]
        self._accepted: dict[tuple[Any, int], tuple[str, ...]] = {}
        self._examples: dict[tuple[tuple[int, ...], int], str] = {}
        self._compiled: dict[tuple[int, ...], Pattern] = {}
        # Characters matched by the same parts are one kind; those matched by most repeated parts come first.
        repeated = {self.accepted(part) for repeat in _repeated(tree) for part in _single(repeat)}
        parts = [*dict.fromkeys(map(self.accepted, _single(tree)))]
        kinds: dict[tuple[bool, ...], str] = {}
        for one in self.characters:
            kinds.setdefault(tuple(one in some for some in parts), one)
        self.kinds = sorted(kinds.values(), key=lambda one: -sum(one in some for some in repeated))

    def accepted(self, part: Any) -> tuple[str, ...]:
        """Return the characters that a single-character part matches."""
        op, args = part
        key = op, args if isinstance(args, int) else id(args)
        if key not in self._accepted:
            alone = _compiler.compile(_parser.SubPattern(self.tree.state, [part]), self.flags)
            self._accepted[key] = tuple(one for one in self.characters if alone.fullmatch(one))
        return self._accepted[key]

    def example(self, tree: Tree, variant: int = 0) -> str:
        """Return a text that a part matches; odd variants omit optional parts."""
        parts = tuple(map(id, tree))
        if (known := self._examples.get((parts, variant))) is not None:
            return known
        tried = (self._example(tree, variant + 2 * other) for other in range(_MOST_TRIED))
        example = next(tried)
        if any(op in _LOOKS for op, _ in tree):  # lookarounds exclude some texts
            if parts not in self._compiled:
                self._compiled[parts] = _compiler.compile(tree, self.flags)
            example = next(filter(self._compiled[parts].fullmatch, chain((example,), tried)), example)
        self._examples[parts, variant] = example
        return example

    def _example(self, tree: Tree, variant: int) -> str:
        text = ""
        for op, args in tree:
            if op in _SINGLE:
                some = self.accepted((op, args))
                text += some[variant // 2 % len(some)] if some else ""
            elif op is _constants.BRANCH:
                text += self.example(args[1][variant // 2 % len(args[1])], variant)
            elif op in _REPEATS:
                text += self.example(args[2], variant) * (args[0] if variant % 2 else max(args[0], min(args[1], 1)))
            elif op is _constants.ASSERT:
                text += self.example(args[1], variant) if args[0] < 0 and not text else ""
            else:
                for part in _inner(op, args):
                    text += self.example(part, variant)
        return text

    def repeats(self) -> Iterator[_Repeat]:
        for variant in range(2):
            yield from self._repeats_in(self.tree, variant, "", "")

    def _repeats_in(self, tree: Tree, variant: int, before: str, after: str) -> Iterator[_Repeat]:
        for at, (op, args) in enumerate(tree):
            left = before + self.example(tree[:at], variant)
            right = self.example(tree[at + 1 :], variant) + after
            if op in _REPEATS and args[1] > _MANY:
                others = [place for place in range(at + 1, len(tree)) if _is_repeated(tree[place])]
                close = tree[at + 1 : min(others, default=len(tree))]
                yield _Repeat(left, args[2], self.example(close, variant), right)
            for part in _inner(op, args):
                yield from self._repeats_in(part, variant, left, right)

    def against(self, repeat: _Repeat, whole: list[str]) -> Iterator[Attack]:
        before, body, next_to, after = repeat
        inside = [{*self.accepted(part)} for part in _single(body)]
        alike = [one for one in self.kinds if any(one in some for some in inside)][:_MOST_KINDS]
        unlike = [one for one in reversed(self.kinds) if not any(one in some for some in inside)]
        suffixes = dict.fromkeys(("\x00", *unlike[:1], *(f"{one}\x00" for one in unlike[:1])))
        bodies = [self.example(body, variant) for variant in range(6)]
        # A text is ambiguous only if one match is a prefix of another.
        every = sorted({self.example(body, variant) for variant in range(_MOST_BRANCHES)})
        bodies += [long for short, long in pairwise(every) if short and long.startswith(short)]
        pumps = [*alike, *bodies, *whole, next_to, after, *(text + next_to for text in bodies[:2])]
        pumps += [before + text for text in (*bodies[:2], *alike)]
        pumps += [text + other for text in bodies[:2] for other in alike[:4]]
        pumps += [one + other for one, other in pairwise(alike)]
        for pump in filter(None, dict.fromkeys(pumps)):
            for prefix in dict.fromkeys((before, "")):
                for suffix in suffixes:
                    yield Attack(prefix, pump, suffix)


_SINGLE = (_constants.LITERAL, _constants.NOT_LITERAL, _constants.ANY, _constants.IN)
_LOOKS = (_constants.ASSERT, _constants.ASSERT_NOT)
_REPEATS = (_constants.MAX_REPEAT, _constants.MIN_REPEAT, _constants.POSSESSIVE_REPEAT)


def _inner(op: Any, args: Any) -> list[Tree]:
    if op is _constants.SUBPATTERN:
        return [args[3]]
    if op is _constants.BRANCH:
        return [*args[1]]
    if op in _REPEATS:
        return [args[2]]
    if op in _LOOKS:
        return [args[1]] if args[0] > 0 else []
    if op is _constants.GROUPREF_EXISTS:
        return [part for part in args[1:] if part is not None]
    return [args] if op is _constants.ATOMIC_GROUP else []


def _is_repeated(node: Any) -> bool:
    op, args = node
    return (op in _REPEATS and args[1] > _MANY) or any(map(_is_repeated, chain(*_inner(op, args))))


def _repeated(tree: Tree) -> Iterator[Tree]:
    for op, args in tree:
        if op in _REPEATS and args[1] > _MANY:
            yield args[2]
        else:
            for part in _inner(op, args):
                yield from _repeated(part)


def _single(tree: Tree) -> Iterator[Any]:
    for op, args in tree:
        if op in _SINGLE:
            yield op, args
        for part in _inner(op, args) or ([args[1]] if op in _LOOKS else []):
            yield from _single(part)


def _literals(tree: Tree) -> Iterator[str]:
    for op, args in _single(tree):
        for kind, value in args if op is _constants.IN else [(op, args)]:
            if kind is _constants.RANGE:
                yield chr(value[0]) + chr(value[1])
            elif kind in (_constants.LITERAL, _constants.NOT_LITERAL):
                yield chr(value)


# Measuring time


def holds_a_group(pattern: Pattern) -> bool:
    """Whether a part of more than one character is repeated possessively."""
    return any(
        op is _constants.POSSESSIVE_REPEAT and (len(args[2]) != 1 or args[2][0][0] not in _ONE_CHARACTER)
        for op, args in _nodes(_parser.parse(pattern.pattern, pattern.flags))
    )


def _nodes(tree: Tree) -> Iterator[tuple[Any, Any]]:
    for op, args in tree:
        yield op, args
        for inner in _inner(op, args):
            yield from _nodes(inner)


class _TooLongError(Exception):
    pass


def _too_long(_signal: int, _frame: FrameType | None) -> None:
    raise _TooLongError


@contextmanager
def interruptible() -> Iterator[None]:
    """Let `_seconds` time out: the regular expression engine checks for signals."""
    previous = signal.signal(signal.SIGPROF, _too_long)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, previous)


def _seconds(use: Callable[[Any], object], text: str | bytes) -> float:
    # ITIMER_PROF makes the process clock coarse; the thread clock stays precise.
    start = time.thread_time()
    signal.setitimer(signal.ITIMER_PROF, _TOO_LONG_S)
    try:
        use(text)
    except _TooLongError:
        return float("inf")
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return time.thread_time() - start


def growth(pattern: Pattern, way: str, attack: Attack) -> Growth | None:
    """Measure how time grows with the text; None if it is clearly linear."""
    use = _use(pattern, way)

    def seconds(length: int, tries: int = 1) -> float:
        text = attack.text(length)
        data = text.encode("latin-1", "replace") if isinstance(pattern.pattern, bytes) else text
        least = _seconds(use, data)
        return least if least == float("inf") else min([least, *(_seconds(use, data) for _ in range(tries))])

    if not _is_suspect(seconds):
        return None
    length = 25
    while seconds(length) < _NOTICED_S:
        length *= 2
        if length > _LONG:
            return None
    while True:
        # If twice the text suddenly times out, the first measurement was not the slow case.
        first, second = min(seconds(length, 2), _TOO_LONG_S), seconds(length * 2)
        found = Growth(
            way, attack, length, (first, second, max(second, seconds(length * 4) if second < _TOO_LONG_S else 0))
        )
        # A part limited to 2,000 repetitions is quadratic only up to that.
        if found.power < STEEPEST or found.seconds[2] > _ENOUGH_S or length * 4 > _LONG:
            return found
        length *= 2


def _is_suspect(seconds: Callable[..., float]) -> bool:
    """Whether four times the text takes much more than four times as long."""
    if seconds(_SHORT, 0) < _QUICK_S:  # nearly all
        return False
    length = next((one for one in (_SHORT // 20, _SHORT // 4) if seconds(one * 4) >= _QUICK_S), None)
    return length is not None and seconds(length * 4) > _SUSPECT * min(seconds(length), _TOO_LONG_S / _SUSPECT)


def _use(pattern: Pattern, way: str) -> Callable[[Any], object]:
    if way == "finditer":
        return lambda text: [None for _ in pattern.finditer(text)]
    use: Callable[[Any], object] = getattr(pattern, way)
    return use


def steep(pattern: Pattern, ways: set[str] | frozenset[str]) -> Growth | None:
    """Return the growth on the first text that takes more than linear time; None if there is none."""
    with interruptible():
        for attack in attacks(pattern):
            for way in sorted(ways):
                found = growth(pattern, way, attack)
                # Measure again: another program may have disturbed the first measurement.
                if found and STEEPEST < found.power < float("inf"):
                    found = growth(pattern, way, attack)
                if found and found.power > STEEPEST:
                    return found
    return None
