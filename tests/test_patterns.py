"""Every regular expression of the program runs in linear time in every way it is used."""

import ast
import inspect
import re
from functools import cache
from types import ModuleType

import pytest

from feeder.query import tokens
from feeder.sources.files.formats import xml_stream
from tests.patterns import (
    EVERY_WAY,
    STEEPEST,
    Growth,
    Pattern,
    holds_a_group,
    modules,
    reachable,
    steep,
    ways_of_use,
    written,
)

# Functions that build patterns at run time, with examples; all other patterns are constants.
MADE: dict[str, list[str]] = {
    "feeder.sources.files.formats.xml_stream:_pattern_of": [
        f"(?s:{xml_stream._pattern_of(['entry', 'item']).pattern})"
    ],
    "feeder.query.tokens:_matcher": [tokens._pattern(phrase) for phrase in ("a b", "中 文", "a中b", "b 中a 文", "a")],
}

STEEP = {
    r"(?:a|a)*b": "match",
    r"(a+)+b": "search",
    r"(?:<!--.{0,2000}?-->\s*)*x": "match",
    r"\s+$": "search",
    r"\s*[,;]?\s*x": "match",
    r"<!--.*?-->": "finditer",
    r"(?:ab|a|b)*c": "fullmatch",
    r".*foo.*foo.*bar": "match",
    r"\s*([a-z]+)\s*=": "finditer",
    r"[\u3000-\u9fff]\s*(?:\u3000*x)?\Z": "search",
    r"(?!b)(?:[a-c]x?)*[a-c]*z": "match",
}
LINEAR = {
    r"(?:<!--(?:(?!-->).)*+-->\s*+)*+x": "match",
    r"(?<!\s)\s++$": "search",
    r"\s*+(?:[,;]\s*+)?x": "match",
    r"\s+$": "match",
    r"<[^<>]*>": "finditer",
    r"(?>ab|a|b)*+c": "fullmatch",
    r"[a-z]{1,40}@[a-z]{1,40}": "search",
    r"\w+\s*:": "match",
}


@cache
def every_use() -> dict[Pattern, set[str]]:
    return ways_of_use(modules())


def patterns_of(name: str) -> dict[Pattern, str]:
    module = modules()[name]
    return {pattern: place for pattern, (place, _) in written(module)[0].items()} | reachable(module)


@pytest.mark.parametrize("name", sorted(modules()))
def test_every_pattern_runs_in_linear_time(name: str) -> None:
    found: dict[str, Growth] = {}
    for pattern, place in patterns_of(name).items():
        if growth := steep(pattern, every_use().get(pattern) or EVERY_WAY):
            found[f"{place} {pattern.pattern!r}"] = growth
    assert not found, "\n".join(
        f"{place}\n  grows with power {found[place].power:.1f}: {found[place]}" for place in found
    )


def test_no_group_is_repeated_possessively() -> None:
    # Before Python 3.11.5 (gh-106052), and so on Debian 12, `(?:ab?c)++` wrongly matches "aca"; `(?>(?:ab?c)+)` means
    # the same and works.
    assert [place for name in modules() for pattern, place in patterns_of(name).items() if holds_a_group(pattern)] == []


@pytest.mark.parametrize(
    ("pattern", "holds"), [("(?:ab?c)++", True), ("x(a|[bc])?+", True), ("(?>(?:ab)+)[a-z]*+.?+", False)]
)
def test_a_group_that_is_repeated_possessively_is_found(pattern: str, holds: bool) -> None:  # noqa: FBT001  a case
    assert holds_a_group(re.compile(pattern)) is holds


@pytest.mark.parametrize("maker", MADE)
def test_patterns_compiled_at_run_time_are_linear_too(maker: str) -> None:
    assert not [growth for pattern in MADE[maker] if (growth := steep(re.compile(pattern), {"finditer"}))]


def test_no_pattern_escapes() -> None:
    made = {place for module in modules().values() for place in written(module)[1]}
    assert made == set(MADE)


def test_patterns_are_found_wherever_they_are_defined() -> None:
    class Held:
        OF_CLASS = re.compile("a")

        def __init__(self) -> None:
            self.of_instance = re.compile("b")

    @cache
    def made_once() -> tuple[Pattern, ...]:
        return (re.compile("c"),)

    module = ModuleType("feeder.made_up")
    Held.__module__ = made_once.__module__ = module.__name__
    vars(module).update(HELD=[Held()], KIND=Held, made_once=made_once, TABLE={"x": [(re.compile("d"), 1)]})
    assert set(reachable(module).values()) == {
        "HELD[0].of_instance",
        "KIND.OF_CLASS",
        "made_once()[0]",
        "TABLE['x'][0][0]",
    }


def test_functions_of_re_are_not_aliased() -> None:
    imports = [
        ast.unparse(node)
        for module in modules().values()
        for node in ast.walk(ast.parse(inspect.getsource(module)))
        if (isinstance(node, ast.ImportFrom) and node.module == "re")
        or (isinstance(node, ast.Import) and any(name.name == "re" and name.asname for name in node.names))
    ]
    assert not imports


@pytest.mark.parametrize("pattern", STEEP)
def test_a_steep_pattern_is_found(pattern: str) -> None:
    found = steep(re.compile(pattern, re.DOTALL), {STEEP[pattern]})
    assert found is not None
    assert found.power > STEEPEST


@pytest.mark.parametrize("pattern", LINEAR)
def test_a_linear_pattern_is_not(pattern: str) -> None:
    assert steep(re.compile(pattern, re.DOTALL), {LINEAR[pattern]}) is None
