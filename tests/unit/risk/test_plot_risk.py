"""Pictures of margin say what they show and can be written."""

import json
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from benchmarks.backtest import closes, engines, forecasts
from benchmarks.gas import FILE, peers
from novate.book import Book, Option, Term, sheet_book, surface
from novate.plot_risk import (
    draw_backtest,
    draw_forecasts,
    draw_margin_gas,
    draw_scenarios,
    draw_spot_ladder,
    draw_surface,
    save,
)


def headline(figure: Figure) -> str:
    return figure.get_suptitle()


@pytest.fixture(scope="module")
def book() -> Book:
    term = Term(500_400, [Option(1_500, -1)], 1.0478844940849863, 1_500.833279310994)
    return sheet_book([term], spot=1_500, cash=600)


def test_scenarios(book: Book, tmp_path: Path) -> None:
    figure = draw_scenarios(book.table())
    assert headline(figure) == "Worst case -207 USD: spot +15%, volatility up"
    assert save(figure, tmp_path / "scenarios.png").stat().st_size > 10_000
    with pytest.raises(ValueError, match="portfolio"):
        draw_scenarios(book.using("standard").table())


def test_surface(book: Book, tmp_path: Path) -> None:
    figure = draw_surface(surface(book, [0.8, 1.0, 1.25], [0.5, 1.0, 2.0]))
    # Mark of 79 is owed already: 368 less 79.
    assert headline(figure).startswith("Initial margin: 289 USD now")
    save(figure, tmp_path / "surface.png")


def test_spot_ladder(book: Book, tmp_path: Path) -> None:
    figure = draw_spot_ladder(book)
    assert headline(figure) == (
        "Spot 1,500: standard margin lasts below 1,951, portfolio margin lasts below 1,797"
    )
    save(figure, tmp_path / "ladder.png")


def test_backtests(tmp_path: Path) -> None:
    data = closes()
    figure = draw_backtest(engines(data, every=400))
    assert headline(figure).startswith("S&P 500, 1999 to 2018: 0 breaches")
    save(figure, tmp_path / "backtest.png")
    figure = draw_forecasts(data, forecasts(data))
    assert "mean margin at equal coverage" in headline(figure)
    save(figure, tmp_path / "forecasts.png")


def test_margin_gas(tmp_path: Path) -> None:
    ours = json.loads(FILE.read_text())
    figure = draw_margin_gas(ours, {name: gas for name, gas, _ in peers()})
    assert headline(figure).startswith("127 options: ")
    times = int(headline(figure).split()[2])
    assert times == round(28_658_294 / ours["margin.portfolio.127"]) >= 20
    save(figure, tmp_path / "gas.png")
