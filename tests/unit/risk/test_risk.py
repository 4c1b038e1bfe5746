"""Margin of accounts of a market: the reference model beside what the contracts say."""

from collections import namedtuple
from typing import Any

import pytest

from novate.deploy import deploy
from novate.market import Account, Market
from novate.parameters import Parameters, Prices
from novate.reference import portfolio
from novate.risk import (
    book_of,
    liquidation_price,
    margin_if,
    margin_of,
    portfolio_rules,
    unpack_smile,
)
from novate.series import WAD
from tests.portfolio_world import figures, levels

Deal = tuple[Market, Account, Account]


@pytest.fixture(scope="module")
def deal() -> Deal:
    # The spot may make any step.
    market = deploy(Parameters(prices=Prices(jump=0)))
    maker, taker = market.account("maker"), market.account("taker")
    market.fund(maker, 20_000)
    market.fund(taker, 2_000)
    market.fund(maker, 1, asset=1)
    market.trade(maker, taker, market.put(2_700, days=7), 2, 30)
    market.trade(maker, taker, market.call(2_900, days=30), 3, 25)
    return market, maker, taker


def agrees(table: Any) -> None:
    assert table.contract is not None
    for name in ("equity", "initial", "maintenance"):
        found = getattr(table.contract, name)
        assert getattr(table.health, name) == pytest.approx(found, abs=1e-6)


def test_margin_of_equals_the_contract(deal: Deal) -> None:
    market, maker, taker = deal
    for account in (maker, taker):
        table = margin_of(market, account)
        assert table.engine == "standard"
        agrees(table)
        assert "contract" in table.summary.columns
    assert margin_of(market, maker).summary.loc["collateral", "maintenance"] == 2_750 * 0.8


def test_the_other_engine_by_name(deal: Deal) -> None:
    market, maker, _ = deal
    table = margin_of(market, maker, engine="portfolio", figures=portfolio.TEST)
    assert table.engine == "portfolio" and table.contract is None
    assert len(table.scenarios) == 21
    # Two naked puts and three calls, and a unit of collateral counted in part.
    assert table.summary.loc["static charge", "maintenance"] == pytest.approx(
        -2_750 * (0.05 + 0.02)
    )


def test_portfolio_engine_beside_its_specification(deal: Deal) -> None:
    market, maker, _ = deal
    engine = market.portfolio_margin
    engine.set_market(1, figures(portfolio.TEST), levels(portfolio.TEST), sender=market.owner)
    table = margin_of(market, maker, engine="portfolio")
    assert table.contract is not None and "contract" in table.summary
    # Five options on 2,750, to 2e-6 of notional, and never better than they are.
    bound = 2e-6 * 5 * 2_750
    for name in ("equity", "initial", "maintenance"):
        short = getattr(table.health, name) - getattr(table.contract, name)
        assert -1e-9 <= short <= bound, name
    put = market.put(2_700, days=7)
    closed = margin_if(market, maker, [(put, 2, 30.0)], engine="portfolio")
    assert closed.contract is not None and closed.contract.initial > table.contract.initial


def test_margin_if_changes_nothing(deal: Deal) -> None:
    market, maker, _ = deal
    before = market.judge([maker])[maker.number]
    put = market.put(2_600, days=7)
    table = margin_if(market, maker, [(put, 2, 12.5), (market.put(2_700, days=7), 1, 30.0)])
    agrees(table)
    assert table.summary.loc["cash", "initial"] == pytest.approx(
        market.clearinghouse.cash_of(maker.number) / WAD - 55
    )
    assert table.health.initial > before.initial / WAD
    assert market.judge([maker])[maker.number] == before


def test_liquidation_price_is_where_the_contract_puts_it(deal: Deal) -> None:
    market, maker, _ = deal
    found = liquidation_price(market, maker)
    assert found.spot == 2_750 and found.above is not None and found.above > 2_900
    with market.fork():
        market.push_price(round(found.above * 0.999, 8))
        assert market.judge([maker])[maker.number].maintenance > 0
        market.push_price(round(found.above * 1.001, 8))
        assert market.judge([maker])[maker.number].maintenance < 0


def test_after_expiry(deal: Deal) -> None:
    market, maker, taker = deal
    with market.fork():
        market.travel_to(market.put(2_700, days=7).expiry + 60)
        market.push_price(2_650)
        agrees(margin_of(market, maker))
        agrees(margin_of(market, taker))
        assert margin_of(market, maker).summary.loc["expired, not settled", "initial"] == -100
        assert book_of(market, maker).table().expiries.shape[0] == 1


def test_portfolio_rules() -> None:
    names = "volatility_up volatility_down basis_slope rate_multiple initial_factor by_strike"
    parameters = namedtuple("Parameters", names)(
        6 * WAD // 10, WAD // 10, WAD, 3 * WAD, 2 * WAD, True
    )
    level = namedtuple("Level", "spot up flat down")
    spots = (80, 90, 94, 97, 100, 103, 106, 110, 120)
    levels = [level(s * WAD // 100, True, s == 100, 80 < s < 120) for s in spots]
    found = portfolio_rules(parameters, levels)
    assert (found.volatility_up, found.basis_multiplier, found.rate_multiplier) == (0.6, 1, 3)
    assert (found.basis_down, found.basis_up, found.initial_factor) == (0.97, 1.03, 2)
    assert found.peer_counting and not found.value_barriers
    assert len(found.scenarios) == 9 + 1 + 7
    assert found.scenarios[0] == portfolio.Scenario(1.2, portfolio.UP)


def test_unpack_smile() -> None:
    assert unpack_smile(0) is None
    word = (
        (round(-0.001 * 2**48) % 2**57) << 199
        | round(0.05 * 2**50) << 147
        | (round(-0.4 * 2**42) % 2**43) << 104
        | (round(-0.02 * 2**48) % 2**52) << 52
        | round(0.1 * 2**48)
    )
    smile = unpack_smile(word)
    assert smile is not None
    found = (smile.a, smile.b, smile.rho, smile.m, smile.sigma)
    assert found == pytest.approx((-0.001, 0.05, -0.4, -0.02, 0.1), abs=1e-12)
