import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import feeder
from feeder import errors


def test_every_public_name_exists_and_is_listed_once() -> None:
    assert sorted(feeder.__all__) == sorted(set(feeder.__all__))
    assert set(feeder.__all__) == set(feeder._MODULE_OF)
    for name in feeder.__all__:
        assert getattr(feeder, name) is not None


def test_type_checkers_see_the_same_names_from_the_same_modules() -> None:
    tree = ast.parse(Path(inspect.getfile(feeder)).read_text("utf-8"))
    shown = {
        alias.name: node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    assert {name: module for name, module in shown.items() if name in feeder.__all__} == feeder._MODULE_OF


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = feeder.nonsense


def test_importing_feeder_loads_nothing_else() -> None:
    code = "import sys, feeder; print([name for name in sys.modules if name.startswith('feeder.')])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_a_worker_loads_neither_database_nor_http_client() -> None:
    code = (
        "import sys; from feeder.reading import feed, file, page; feed.load_feed_parsers(); file.load_parsers(); "
        "print({'httpx', 'sqlalchemy', 'pydantic_settings', 'feeder.store', 'feeder.ingest'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
    code = "import sys; from feeder.reading import file; file.load_parsers(); print('pydantic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def error_types(kind: type[errors.FeederError] = errors.FeederError) -> set[type[errors.FeederError]]:
    return {kind} | {lower for child in kind.__subclasses__() for lower in error_types(child)}


def test_the_error_tree_in_the_docstring_names_every_error_and_its_exit_code() -> None:
    drawn = dict(re.findall(r"── (\w+Error) .* (\d)$", errors.__doc__ or "", flags=re.MULTILINE))
    ours = {kind.__name__: str(kind.exit_code) for kind in error_types() if kind.__module__ == "feeder.errors"}
    ours.pop("FeederError")
    assert drawn == ours
