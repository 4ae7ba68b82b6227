"""What is said about the project is true: generated pages are fresh, and the README's examples run."""

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = runpy.run_path(str(ROOT / "docs" / "build.py"))["pages"]()


@pytest.mark.parametrize("name", sorted(PAGES))
def test_generated_pages_are_fresh(name: str) -> None:
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == PAGES[name], "run: python docs/build.py"


def test_the_examples_of_the_readme_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "compose.yml").write_text("services:\n  web:\n    image: nginx:1.27\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    examples = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len(examples) == 2
    for example in examples:
        # The class of an example finds its types in the module that it stands in.
        script = tmp_path / "example.py"
        script.write_text(example, encoding="utf-8")
        runpy.run_path(str(script))
    shown = capsys.readouterr().out
    assert "restart: always" in shown
    assert "TZ: Etc/UTC" in shown
    assert "# kept" in shown
    assert "restart: unless-stopped" in (tmp_path / "compose.yml").read_text(encoding="utf-8")


def test_the_profile_of_the_readme_is_one(tmp_path: Path) -> None:
    from hardener import Profile

    (profile,) = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    (tmp_path / "team.yml").write_text(profile, encoding="utf-8")
    assert Profile.read(str(tmp_path / "team.yml")).roles == {"api": "app"}
