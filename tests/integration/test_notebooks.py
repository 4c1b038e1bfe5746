"""Every notebook runs from top to bottom in its own folder, as in JupyterLab, without outputs."""

import os
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


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


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_is_kept_without_outputs(file: Path) -> None:
    for cell in nbformat.read(file, as_version=4).cells:
        assert not cell.get("outputs") and cell.get("execution_count") is None


def test_there_is_one() -> None:
    assert NOTEBOOKS
