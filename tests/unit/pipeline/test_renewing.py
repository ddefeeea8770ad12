"""Settings that are read again while those before them are not taken up yet."""

from pathlib import Path

import pytest

from crawler.conf.load import load_settings
from crawler.conf.settings import Settings
from crawler.pipeline.renewing import LiveSettings


def test_only_what_changed_since_the_last_reading_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While readers wound down, each reload named once more what an earlier one had changed."""
    flags: dict[str, object] = {"job": str(tmp_path / "job"), "delay": "1s"}

    def load() -> Settings:
        return load_settings(flags, {}, tmp_path)

    told: list[object] = []

    class Log:
        def warning(self, event: str, **values: object) -> None:
            assert event == "settings_reloaded"
            told.append(values["changed"])

    monkeypatch.setattr("crawler.pipeline.renewing.get_logger", lambda _name: Log())
    live = LiveSettings(load(), load)
    assert not live.read_again()
    flags["delay"] = "2s"
    assert live.read_again()
    assert live.read_again(), "the first ones are still due"
    flags["exclude"] = ["*/x/*"]
    assert live.read_again()
    live.take_up()
    assert live.plan.delay_ms == 2_000
    assert not live.read_again()
    assert told == [[], ["delay"], [], ["exclude"], []]
