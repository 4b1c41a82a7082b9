"""What the bot uploads: the pictures that can be had, in their order."""

import asyncio
from typing import Any

import pytest

from bot.pictures import PictureFetcher
from feeder import Config, FeederError, PictureSource


def test_pictures_that_cannot_be_had_are_left_out(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fetch(_: Any, address: str) -> bytes:
        if address == "slow":
            await asyncio.Event().wait()
        if address == "gone":
            raise FeederError("gone: 404")
        return address.encode()

    monkeypatch.setattr(PictureSource, "fetch", fetch)
    caplog.set_level("INFO")
    fetcher = PictureFetcher(Config(), wait_s=0.05)
    assert asyncio.run(fetcher(["a", "gone", "b", "slow", "c"])) == [b"a", b"b", b"c"]
    assert "not uploaded: gone: 404" in caplog.text
    assert "slow: not uploaded" in caplog.text
