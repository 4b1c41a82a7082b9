"""Writes docs/reference from the code: settings, commands with their options and exit codes, and the bot's commands.

`python -m tests.reference` writes the pages; a test fails when they are out of date.
"""

import json
import re
import types
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

import typer
from pydantic import BaseModel, IPvAnyNetwork, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from bot.conversation.topics.lists import LATEST_CAP, LATEST_DEFAULT
from feeder.cli.app import app
from feeder.config import values
from feeder.config.load import ENV_PREFIX, Config, embedded
from feeder.config.settings import SOURCE_KINDS, ChannelConfig, FeedConfig
from feeder.words import words_for

FOLDER = Path(__file__).parent.parent / "docs/reference"
LISTS: dict[str, tuple[type[BaseModel], ...]] = {
    "sources": tuple(SOURCE_KINDS.values()),
    "feeds": (FeedConfig,),
    "telegram.channels": (ChannelConfig,),
}
KINDS: dict[str, str] = {
    "SourceName": "letters, digits, `_`, `.` and `-`",
    "FeedName": "letters, digits, `_` and `-`",
    "Duration": "a time span: `30s`, `15m`, `2h`, `1d`",
    "ReplayRate": "`3/day`, `1/week`, or empty",
    "Schedule": "a time span or a cron line",
    "PublishSchedule": "`after-ingest`, a time span or a cron line",
    "HttpUrl": "an http(s) address",
    "SiteUrl": "an http(s) address",
    "StoreUrl": "`sqlite:///FILE` or `postgresql://USER@HOST/DATABASE`",
    "LanguageTag": "a language tag (BCP 47)",
    "ZoneName": "a time zone",
    "HeaderText": "ASCII",
    "Selector": "a CSS selector",
    "Glob": "a glob",
    "ChatAddress": "`@name`, or a number",
    "PersonId": "a number",
    "TopicNumber": "a number",
    "QuietHours": "`22:00-07:00`, or empty",
    "DigestSchedule": "`daily 08:00`, `weekly mon 08:00`, or empty",
    "OptionalZone": "a time zone, or empty",
    "OptionalLanguage": "a language tag, or empty",
    "PostTemplate": "text with fields",
}
PLAIN: dict[object, str] = {
    bool: "`true` or `false`",
    int: "a number",
    float: "a number",
    str: "text",
    Path: "a path",
    SecretStr: "text",
    date: "a date",
    IPvAnyNetwork: "an address or a network",
}
_QUOTED = re.compile(r'`[^`]*`|\["[^\]]*"\]|"[^"]*"|<[^<>]+>|\[\[?[a-z.]+\]?\]|(?<![\w./])/[a-z]+\b(?!/)')
"""What a text names: keys, values and commands. Those in backquotes are code already."""
EXIT_CODES = {
    0: "success (a closed pipe, as in `feeder export \\| head`, is not an error)",
    1: "done, but something failed and is named on standard error, such as an unreadable file or feed; `search`: no "
    "results",
    2: "a mistake in the command, configuration or query, such as an unknown `@NAME`",
    3: "the store cannot be used: full, read-only, locked, damaged, or written by a newer feeder",
    4: "the output folder cannot be written; its previous content is intact",
    5: "another pass is running; this one did nothing",
    6: "the web server cannot listen on its address",
    7: "`feeder bot` cannot start or continue, for example because Telegram rejects the token; `feeder run` goes on "
    "without the bot and logs it",
    130: "ended by Ctrl-C",
}


class Setting(NamedTuple):
    """A key of the example, and what is said above it there."""

    section: str
    key: str
    text: str


def iter_settings(example: str) -> Iterator[Setting]:
    """Yield the keys of `config.example.toml`; a section has the key ""."""
    section = ""
    said: list[str] = []
    for line in example.splitlines():
        bare = line.removeprefix("# ")
        if found := re.fullmatch(r"\[\[?([a-z.]+)\]\]?", bare):
            section = found[1]
            yield Setting(section, "", " ".join(said))
            said = []
        elif found := re.match(r"([a-z_]+) = ", bare):
            yield Setting(section, found[1], " ".join(said))
            said = []
        elif line.startswith("#"):
            said.append(line.lstrip("# ").rstrip())
        else:
            said = []


def fields_of(section: str) -> dict[str, FieldInfo]:
    """Return the fields of a section by key."""
    section_model: Any = Config.model_fields[section.split(".", maxsplit=1)[0]].annotation
    return {key: field for model in LISTS.get(section, (section_model,)) for key, field in model.model_fields.items()}


def kind_of(annotation: Any, metadata: tuple[Any, ...] = ()) -> str:
    """Return in words what values a type has."""
    for name, kind in KINDS.items():
        if metadata and getattr(values, name).__metadata__ == metadata:
            return kind
    if get_origin(annotation) is Annotated:
        return kind_of(get_args(annotation)[0], annotation.__metadata__)
    if get_origin(annotation) is Literal:
        return ", ".join(f"`{value}`" for value in get_args(annotation))
    if get_origin(annotation) is tuple:
        return f"a list: {kind_of(get_args(annotation)[0])}"
    if get_origin(annotation) in {Union, types.UnionType}:
        return kind_of(next(one for one in get_args(annotation) if one is not type(None)))
    return _bounded(PLAIN.get(annotation, str(getattr(annotation, "__name__", annotation))), metadata)


def _bounded(kind: str, metadata: tuple[Any, ...]) -> str:
    limits = {name: value for one in metadata for name, value in _limits_of(one)}
    low = limits.get("ge", limits.get("gt"))
    if "le" in limits:
        return f"{low:,} to {limits['le']:,}" if "ge" in limits else f"more than {low:,}, to {limits['le']:,}"
    if low is not None:
        return f"{low:,} or more"
    if "max_length" in limits:
        return f"{kind}, up to {limits['max_length']:,} characters"
    return kind


def _limits_of(metadata: object) -> Iterator[tuple[str, Any]]:
    for one in getattr(metadata, "metadata", [metadata]):
        for name in ("ge", "gt", "le", "max_length"):
            if (value := getattr(one, name, None)) is not None:
                yield name, value


def _as_code(found: re.Match[str]) -> str:
    return found[0] if found[0].startswith("`") else f"`{found[0]}`"


def default_of(field: FieldInfo) -> str:
    """Return a default as it is written in the file."""
    if field.default is PydanticUndefined:
        return "required"
    if field.default is None:
        return ""
    if isinstance(field.default, Path | str):
        return f"`{json.dumps(str(field.default), ensure_ascii=False)}`"
    return f"`{json.dumps(field.default)}`"


def configuration() -> str:
    """Return the page of all settings."""
    lines = [
        "# Configuration",
        "",
        "Every key of `config.toml`, which `feeder init` writes with the same explanations. feeder reads the file that",
        "`-c FILE` names (before the command), else `$FEEDER_CONFIG`, else `./config.toml`. Paths are relative to that",
        "file, or without one to the working folder. An unknown key or a wrong value is refused in one line.",
        "",
        "Every key can also be an environment variable, which wins over the file: `FEEDER_`, the section, two",
        "underscores and the key, as in `FEEDER_WEB__PORT=8080`. A list is written as JSON:",
        "`FEEDER_SITE__HUBS='[\"https://hub.example/\"]'`.",
    ]
    rows: list[tuple[list[str], list[str], list[str], str]] = []

    def end_section() -> None:
        for keys, kinds, defaults, text in rows:
            cells = [
                "<br>".join(f"`{key}`" for key in keys),
                "<br>".join(defaults),
                "<br>".join(kinds),
                re.sub(_QUOTED, _as_code, text),
            ]
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
        rows.clear()

    fields: dict[str, FieldInfo] = {}
    for setting in iter_settings(embedded("config.example.toml").read_text("utf-8")):
        if not setting.key:
            end_section()
            fields = fields_of(setting.section)
            is_list = setting.section in LISTS
            name = f"[[{setting.section}]]" if is_list else f"[{setting.section}]"
            variable = f"{ENV_PREFIX}{setting.section.upper().replace('.', '__')}"
            where = (
                f"Environment: `{variable}`, with the whole list." if is_list else f"Environment: `{variable}__KEY`."
            )
            lines += [
                "",
                f"## `{name}`",
                "",
                *([re.sub(_QUOTED, _as_code, setting.text), ""] if setting.text else []),
                where,
                "",
            ]
            lines += ["| key | default | values | meaning |", "|---|---|---|---|"]
            continue
        field = fields[setting.key]
        kind, default = kind_of(field.annotation, tuple(field.metadata)), default_of(field)
        if setting.section == "sources" and setting.key in SOURCE_KINDS:
            default = f"one of {', '.join(f'`{name}`' for name in SOURCE_KINDS)}"
        if not setting.text and rows:
            rows[-1][0].append(setting.key)
            rows[-1][1].append(kind)
            rows[-1][2].append(default)
        else:
            rows.append(([setting.key], [kind], [default], setting.text))
    end_section()
    return _page(lines)


def commands() -> str:
    """Return the page of all commands, their options and exit codes."""
    group: Any = typer.main.get_command(app)
    context = typer.Context(group, info_name="feeder")
    lines = [
        "# Commands",
        "",
        "`feeder COMMAND --help` prints the same. Results go to standard output, everything else to standard error.",
        "",
        "| command | does |",
        "|---|---|",
        *_index(group, context),
        "",
        "## Options of all commands",
        "",
        "They come before the command, as in `feeder -c FILE run`.",
        "",
        *_options(group, context),
        *_commands(group, context),
        "",
        "## Exit codes",
        "",
        "| code | meaning |",
        "|---|---|",
        *(f"| {code} | {meaning} |" for code, meaning in EXIT_CODES.items()),
    ]
    return _page(lines)


def _index(group: Any, parent: Any) -> Iterator[str]:
    for name, command in group.commands.items():
        context = typer.Context(command, info_name=name, parent=parent)
        path = context.command_path
        first = _text(command.help)[0].split(". ")[0].rstrip(".")
        yield f"| [`{path}`](#{path.replace(' ', '-')}) | {first} |"
        if hasattr(command, "commands"):
            yield from _index(command, context)


def _commands(group: Any, parent: Any) -> Iterator[str]:
    for name, command in group.commands.items():
        if command.hidden:
            continue
        context = typer.Context(command, info_name=name, parent=parent)
        subcommands = getattr(command, "commands", None)
        depth = context.command_path.count(" ") + 1
        yield from ("", f"{'#' * depth} `{context.command_path}`", "", *_text(command.help), "")
        if subcommands is None or getattr(command, "invoke_without_command", False):
            yield from ("```text", re.sub(r"[{}]", "", command.get_usage(context)).removeprefix("Usage: "), "```", "")
            yield from _options(command, context)
        if subcommands is not None:
            yield from _commands(command, context)


def _text(text: str) -> list[str]:
    """Return the paragraphs of a help text, each on one line."""
    return ["\n\n".join(" ".join(one.split()) for one in text.replace("\b", "").split("\n\n"))]


def _options(command: Any, context: Any) -> Iterator[str]:
    rows = []
    for one in command.params:
        if getattr(one, "hidden", False):
            continue
        record = one.get_help_record(context)
        if record is None:
            rows.append((one.make_metavar(context), getattr(one, "help", None) or ""))
        elif record[0] != "--help":
            rows.append(record)
    if rows:
        yield from ("| option | meaning |", "|---|---|")
    for name, meaning in rows:
        shown = re.sub(r" <(int|float)[^>]*>", " N", re.sub(r" <(list\[)?(str|path)\]?>", "", name)).strip("[]")
        shown = shown.replace("|", "\\|")
        yield f"| `{shown}` | {' '.join(meaning.split())} |"


def bot_commands() -> str:
    """Return the page of the bot's commands, as its `/help` describes them."""
    chat = words_for("en").chat
    told = {
        "For everyone": chat.help.format(default=LATEST_DEFAULT, cap=LATEST_CAP),
        "For admins, in a private chat": chat.admin_help,
    }
    lines = [
        "# Commands of the bot",
        "",
        "As `/help` describes them. [bot.md](../bot.md#commands) says more, and who may use them.",
    ]
    for heading, text in told.items():
        lines += ["", f"## {heading}", "", "| command | does |", "|---|---|"]
        for line in text.replace("; /language", "\n/language").splitlines():
            name, _, meaning = line.partition(" – ")
            lines.append(f"| `{name}` | {meaning} |")
    return _page(lines)


def _page(lines: list[str]) -> str:
    note = "<!-- Written by: python -m tests.reference -->"
    text = "\n".join([note, "", *lines]).rstrip() + "\n"
    return re.sub(r"\n{3,}", "\n\n", text)


PAGES = {"configuration.md": configuration, "commands.md": commands, "bot.md": bot_commands}


def main() -> None:
    """Write the pages."""
    for name, write in PAGES.items():
        (FOLDER / name).write_text(write(), "utf-8")


if __name__ == "__main__":
    main()
