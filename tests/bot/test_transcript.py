from pathlib import Path

from tests.bot.transcript import FILE, hold_conversation


def test_the_conversation_in_the_documentation_is_what_the_bot_says(tmp_path: Path) -> None:
    assert FILE.read_text(encoding="utf-8") == hold_conversation(tmp_path)
