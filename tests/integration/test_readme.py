"""The example in the README runs as it stands, and its names of commands exist."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
README = (ROOT / "README.md").read_text()


def test_the_example_runs() -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README, re.S)
    names: dict[str, object] = {}
    exec(compile(example, "README.md", "exec"), names)
    market = names["market"]
    hedger = names["hedger"]
    # The fork is over: the market stands where it stood before.
    health = market.health()  # type: ignore[attr-defined]
    assert len(health) == 2
    assert market.positions(hedger)[0][1] == 10**18  # type: ignore[attr-defined]


def test_the_commands_exist() -> None:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M)
    assert set(re.findall(r"make ([a-z]+)", README)) <= set(targets) | {"and"}


def test_the_tree_is_true() -> None:
    (tree,) = re.findall(r"```\n(boa_env\.py.*?)```", README, re.S)
    folder = ""
    for line in tree.splitlines():
        name = line.split()[0]
        folder = "" if not line.startswith(" ") else folder
        assert (ROOT / folder / name).exists(), line
        folder = name if not line.startswith(" ") else folder
