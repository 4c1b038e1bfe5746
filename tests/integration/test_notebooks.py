"""Every notebook runs from top to bottom in its own folder, as in JupyterLab, without outputs."""

import os
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
# What the kernel of a notebook is told first: every market it deploys is upgraded at once.
UPGRADED = """
from dataclasses import replace
from types import SimpleNamespace
import boa_env
from novate.parameters import Parameters
from tests.integration.test_upgrades import upgrade_clearinghouse

deployed, plain = [], boa_env.deploy

def upgraded(parameters=None, **options):
    market = plain(replace(parameters or Parameters(), upgradeable=True), **options)
    world = SimpleNamespace(market=market, ledger=market.clearinghouse, owner=market.owner)
    upgrade_clearinghouse(world)
    deployed.append(str(market.clearinghouse.address))
    return market

boa_env.deploy = upgraded
"""


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_runs(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    notebook = nbformat.read(file, as_version=4)
    NotebookClient(
        notebook, timeout=300, resources={"metadata": {"path": str(file.parent)}}
    ).execute()
    if file.stem == "01_first_trade":
        # 10,000 brought, 425 premium and 8.25 fee paid, 1,000 received.
        assert "10566" in str(notebook.cells[-1].outputs)


@pytest.mark.parametrize("stem", ["01_first_trade", "03_a_crash_with_auctions"])
def test_runs_on_an_upgraded_market(stem: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The notebook as it stands; its market is behind proxies and runs the next version."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    notebook = nbformat.read(ROOT / "notebooks" / f"{stem}.ipynb", as_version=4)
    notebook.cells.insert(0, nbformat.v4.new_code_cell(UPGRADED))
    notebook.cells.append(nbformat.v4.new_code_cell("deployed"))
    NotebookClient(
        notebook, timeout=300, resources={"metadata": {"path": str(ROOT / "notebooks")}}
    ).execute()
    assert notebook.cells[-1].outputs[0]["data"]["text/plain"] not in ("0", "[]")
    if stem == "01_first_trade":
        assert "10566" in str(notebook.cells[-2].outputs)


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_is_kept_without_outputs(file: Path) -> None:
    for cell in nbformat.read(file, as_version=4).cells:
        assert not cell.get("outputs") and cell.get("execution_count") is None


def test_there_is_one() -> None:
    assert NOTEBOOKS
