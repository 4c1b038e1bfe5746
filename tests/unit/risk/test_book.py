"""Margin tables from plain numbers, what-ifs and the end of an account."""

import math

import pandas
import pytest

from novate.book import Book, Option, Term, liquidation, margin_sheet, sheet_book, surface
from novate.errors import ParameterError
from novate.reference import margin, portfolio

FORWARD, VOLATILITY, SECONDS = 1_500.833279310994, 1.0478844940849863, 500_400
CALL = Term(SECONDS, [Option(1_500, -1)], VOLATILITY, FORWARD, rate=0.03)


def test_published_table_of_portfolio_margin() -> None:
    table = margin_sheet([CALL], spot=1_500)
    total = table.summary
    assert total.loc["initial excess", "initial"] == pytest.approx(-368.4876197617556, abs=1e-9)
    assert total.loc["maintenance excess", "maintenance"] == pytest.approx(
        -301.7685348603643, abs=1e-9
    )
    assert total.loc["worst of scenarios and basis", "maintenance"] == pytest.approx(
        -207.39694967130436, abs=1e-9
    )
    assert table.expiries["basis contingency"].iloc[0] == pytest.approx(-11.275911269415126)
    assert table.worst == (1.15, "up")


def test_published_table_of_standard_margin() -> None:
    table = margin_sheet([CALL], spot=1_500, rules=margin.Rules())
    assert table.health.initial == pytest.approx(-304.37158518905994, abs=1e-9)
    assert table.expiries["maintenance"].iloc[0] == pytest.approx(-191.87158518905994, abs=1e-9)


BOOK = [
    Term(86_400, [Option(1_400, -2, True), Option(1_600, 1)], 0.8, 1_501),
    Term(30 * 86_400, [Option(1_500, -1, volatility=0.7), Option(1_300, 1, True)], 0.6, 1_510, 9.0),
]


@pytest.mark.parametrize("rules", [margin.Rules(), portfolio.TEST, portfolio.PRODUCTION])
def test_each_amount_counts_once(rules: margin.Rules | portfolio.Rules) -> None:
    terms = [Term(**{**vars(t), "confidence": 0.3}) for t in BOOK]
    table = margin_sheet(terms, spot=1_500, cash=900, base=2, stable=0.97, rules=rules)
    parts = table.summary.drop(["initial excess", "maintenance excess", "equity"])
    assert parts["initial"].sum() == pytest.approx(table.health.initial, abs=1e-9)
    assert parts["maintenance"].sum() == pytest.approx(table.health.maintenance, abs=1e-9)
    assert parts.loc["charge for doubt", "initial"] < 0
    whole = table.scenarios.drop(columns="total").sum(axis=1)
    pandas.testing.assert_series_equal(whole, table.scenarios["total"], check_names=False)
    assert len(table.expiries) == 2 and len(table.positions) == 4
    long = table.tidy()
    assert set(long["part"]) == {"summary", "expiries", "scenarios", "positions"}
    assert (long["part"] == "positions").sum() == 8
    assert "by expiry" in str(table) and "<table" in table._repr_html_()


def test_volatility_of_a_strike_comes_before_that_of_the_expiry() -> None:
    whole = margin_sheet(BOOK, spot=1_500).positions
    near = margin_sheet(
        [Term(30 * 86_400, [Option(1_500, -1)], 0.7, 1_510, 9.0)], spot=1_500
    ).positions
    assert whole.loc[near.index[0], "mark"] == pytest.approx(near["mark"].iloc[0])


def test_times_must_share_the_hour() -> None:
    with pytest.raises(ParameterError, match="whole hours apart"):
        margin_sheet([Term(3_600, []), Term(3_601, [])], spot=1)


def book(cash: float = 600.0) -> Book:
    return sheet_book([CALL], spot=1_500, cash=cash)


def test_liquidation_is_where_maintenance_ends() -> None:
    for engine in ("portfolio", "standard"):
        held = book().using(engine)
        found = liquidation(held)
        assert found.below is None and found.above is not None and found.above > 1_500
        there = held.moved(found.above / 1_500).health()
        assert there.maintenance == pytest.approx(0, abs=1e-6)
    poor = liquidation(book(100))
    # Below maintenance already: what spot would cure it.
    assert poor.above is None and poor.below is not None and poor.below < 1_500
    assert liquidation(sheet_book([], spot=1_500)).above is None


def test_liquidation_of_two_underlyings_must_name_one() -> None:
    held = book()
    other = margin.Holding(1, 10, 1, 1, underlying=7)
    with pytest.raises(ParameterError, match="underlying"):
        liquidation(Book(**{**vars(held), "holdings": (other,)}))


def test_moves() -> None:
    held = sheet_book([Term(SECONDS, [Option(1_500, 1)], 0.5, 1_510, 755.0)], spot=1_500, base=1)
    moved = held.moved(1.2, 2.0, days=1)
    (quote,) = moved.view.quotes.values()
    assert (quote.spot, quote.forward, quote.volatility) == (1_800, 755 * 1.2 + 755, 1.0)
    assert moved.view.now == held.view.now + 86_400
    assert moved.holdings[0].price == 1_800 and moved.spot(1) == 1_800
    assert held.moved(1.2, underlying=2).view.quotes == held.view.quotes


def test_smile_moves_with_volatility() -> None:
    smile = margin.Smile(0.01, 0.05, -0.3, 0.02, 0.1)
    quote = margin.Quote(100, 100, 9.9, smile=smile, tenor=86_400)
    held = book()
    (key,) = held.view.quotes
    view = margin.View(held.view.now, held.view.rules, {key: quote})
    (moved,) = Book(**{**vars(held), "view": view}).moved(1, 1.5).view.quotes.values()
    assert moved.volatility_of(90) == pytest.approx(1.5 * quote.volatility_of(90))


def test_trade_pays_its_price() -> None:
    held = book()
    series = held.positions[0].series
    closed = held.traded([(series, 1, 80.0)])
    assert closed.positions == () and closed.cash == 520
    with pytest.raises(ParameterError, match="quote"):
        held.traded([(margin.Series(1, 3_600, series.strike, False), 1, 1.0)])


def test_surface() -> None:
    found = surface(book(), [0.9, 1.0, 1.1], [1.0, 2.0])
    assert found.requirement.shape == (3, 2)
    assert found.initial[1, 0] == pytest.approx(600 - 368.4876197617556)
    assert (found.requirement[2] > found.requirement[0]).all()
    assert math.isfinite(found.equity.sum())
