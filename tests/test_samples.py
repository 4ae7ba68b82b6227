"""The samples: what the tool makes of them is what lies beside them, and compose accepts it."""

from pathlib import Path

import pytest

from hardener import harden

SAMPLES = sorted((Path(__file__).parent.parent / "samples").glob("*/compose.yml"))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.parent.name)
def test_hardened_is_what_the_tool_gives(sample: Path) -> None:
    result = harden(sample, profile="production", compose_check=True)
    assert result.after == sample.with_name("hardened.yml").read_text(encoding="utf-8")
    assert not result.warnings


def test_there_are_three_samples() -> None:
    assert [sample.parent.name for sample in SAMPLES] == ["blog", "monitoring", "shop"]
