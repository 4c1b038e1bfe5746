"""Listing from TOML: what a file may say, what a proposal does, and to whom."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import boa
import pytest

from novate.errors import DataError, ParameterError
from novate.governance.listing import propose_listing, read_listing, report, try_out
from novate.parameters import GRID, Margin
from tests.governed_world import GovernedWorld
from tests.world import WAD, World, build

FILE = """
underlying = 2
symbol = "BTC"

[oracle]
sources = ["{spot}"]
volatility = "{volatility}"
max_age = 604_800
spread = 150
jump = 1_000

[grid]
tick = 500
weekly = 30

[limits]
smallest = 0.01
of_series = 1_000

[margin]
initial = 0.20
maintenance = 0.10

[portfolio]
initial_factor = 1.3

[scan]
reference = 0.6
stressed = 1.0

[collateral]
asset = 2
token = "{token}"
cap = 5_000
maintenance = 0.7
"""


@pytest.fixture(scope="module")
def world() -> World:
    world = World()
    maker, writer = world.person("maker", 100_000), world.person("writer", 5_000)
    world.market.push_price(2_750, 0.15)
    put = world.market.put(2_500, 60)
    world.novate(world.trade(writer, maker, put, 10, 60))
    return world


@pytest.fixture(scope="module")
def governed(world: World) -> GovernedWorld:
    return GovernedWorld(world)


@pytest.fixture(scope="module")
def filled(world: World) -> str:
    reporter = str(boa.env.generate_address("reporter"))
    feeds = {}
    for name, answer in (("spot", 60_000 * 10**8), ("volatility", 60 * 10**6)):
        feed = build("oracle/PriceFeed.vy", f"BTC {name}", 8, reporter)
        feed.push(answer, sender=reporter)
        feeds[name] = str(feed.address)
    token = build("tokens/TestToken.vy", "Wrapped bitcoin", "TBTC", 8)
    return FILE.format(**feeds, token=token.address)


def write(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "listing.toml"
    file.write_text(text)
    return file


def test_a_file_is_read_in_units_of_the_contracts(tmp_path: Path, filled: str) -> None:
    listing = read_listing(write(tmp_path, filled))
    assert (listing.underlying, listing.symbol) == (2, "BTC")
    assert listing.grid == replace(GRID, tick=500 * 10**8, weekly=30)
    assert listing.margin == replace(Margin(), initial=WAD // 5, maintenance=WAD // 10)
    assert listing.limits is not None and listing.limits.smallest == WAD // 100
    assert listing.collateral is not None
    assert (listing.collateral.cap, listing.collateral.maintenance) == (5_000 * WAD, 7 * WAD // 10)


def test_one_proposal_lists_a_market(
    world: World, governed: GovernedWorld, tmp_path: Path, filled: str
) -> None:
    market = world.market
    proposal = propose_listing(market, read_listing(write(tmp_path, filled)))
    assert len(proposal.calls) == 12
    assert "List BTC as underlying 2" in proposal.description
    assert "set_market" in proposal.description
    trial = try_out(market, proposal)
    assert {one.account for one in trial.effects} == {a.number for a in market.accounts}
    assert all(one.before == one.after for one in trial.effects)
    # Only tried: nothing is there yet.
    assert market.oracle.rules_of(2)[0] == 0
    governed.carry(proposal)
    assert market.oracle.spot(2)[0] == 60_000 * WAD
    assert market.margin.parameters_of(2).initial == WAD // 5
    assert market.portfolio_margin.scan_range_of(2) == market.scan_range.address
    friday = market.expiries(1)[0]
    code = market.listing.encode(2, friday, 60_000 * WAD, 0, 0)
    assert market.listing.admit(code, WAD)[0] == 1_000 * WAD
    with boa.reverts("limit: order too small"):
        market.listing.admit(code, WAD // 1_000)
    # A second file for the same underlying replaces what it names.
    again = read_listing(write(tmp_path, filled.replace("initial = 0.20", "initial = 0.25")))
    assert len(propose_listing(market, replace(again, collateral=None, scan=None)).calls) == 6


def test_who_would_fall_below_margin(world: World, tmp_path: Path) -> None:
    """Higher shares of spot for ten short puts, of somebody with some 5,500 USD."""
    market = world.market
    writer = next(one for one in market.accounts if one.name == "writer")
    text = "underlying = 1\n[margin]\ninitial = {0}\ninitial_floor = {0}\nmaintenance = {1}\n"
    before = market.clearinghouse.health(writer.number)
    for initial, share, falls, tied in (
        (0.25, 0.15, False, True),
        (0.25, 0.25, True, True),
        (0.10, 0.075, False, False),
    ):
        listing = read_listing(write(tmp_path, text.format(initial, share)))
        trial = try_out(market, propose_listing(market, listing))
        (effect,) = [one for one in trial.effects if one.account == writer.number]
        assert (effect.falls, effect.is_tied) == (falls, tied)
        assert market.clearinghouse.health(writer.number) == before
        words = report(market, trial)
        assert ("FALLS" in words) is falls and ("writer" in words) is tied
    # The figure itself: the share of spot that maintenance grows by.
    expected = before.maintenance - 10 * 2_750 * WAD * (250 - 75) // 1_000
    listing = read_listing(write(tmp_path, text.format(0.25, 0.25)))
    (effect,) = [
        one
        for one in try_out(market, propose_listing(market, listing)).effects
        if one.account == writer.number
    ]
    assert effect.after.maintenance == expected


def test_what_the_contracts_refuse_is_known_before_a_vote(
    world: World, tmp_path: Path, filled: str
) -> None:
    market = world.market
    stale = read_listing(write(tmp_path, filled.replace("604_800", "60")))
    boa.env.time_travel(seconds=120)
    with pytest.raises(ParameterError, match="list_underlying.*refused: oracle: no fresh answer"):
        try_out(market, propose_listing(market, stale))
    loose = read_listing(write(tmp_path, "underlying = 1\n[margin]\nmaintenance = 0.001\n"))
    with pytest.raises(ParameterError, match="refused: margin: maintenance too small"):
        try_out(market, propose_listing(market, loose))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("underlying = 0", "underlying = 0: accepted is 1 to 65,535"),
        ("underlying = 70_000", "accepted is 1 to 65,535"),
        ("underlying = 1\nmargins = 1", "margins = 1: accepted is one of"),
        ("underlying = 1\n[margin]\ninitia = 1", "margin.initia = 1"),
        ("underlying = 1\n[margin]\ninitial = -0.1", "margin.initial"),
        ("underlying = 1\n[margin]\ninitial = true", "accepted is a number"),
        ("underlying = 1\n[portfolio]\nby_strike = 1", "accepted is yes or no"),
        ("underlying = 1\n[oracle]\nsources = []", "one to nine addresses"),
        ("underlying = 1\n[oracle]\nsources = ['0x1']", "accepted is an address"),
        ("underlying = 1\n[oracle]\nbids = 3", "oracle.bids"),
        ("underlying = 1\n[oracle]\nsources = ['0x{0}']", "sources, volatility and max_age"),
        (
            "underlying = 1\n[oracle]\nsources = ['0x{0}', '0x{1}']\nvolatility = '0x{0}'\n"
            "max_age = 60\nquorum = 1",
            "more than half",
        ),
        ("underlying = 1\n[collateral]\nasset = 1", "asset, token and cap at least"),
    ],
)
def test_what_a_file_may_not_say(tmp_path: Path, text: str, words: str) -> None:
    file = write(tmp_path, text.replace("{0}", "1" * 40).replace("{1}", "2" * 40))
    with pytest.raises(ParameterError, match=words):
        read_listing(file)


def test_a_file_that_is_none(tmp_path: Path, world: World) -> None:
    with pytest.raises(DataError):
        read_listing(tmp_path / "missing.toml")
    with pytest.raises(DataError):
        read_listing(write(tmp_path, "underlying = ["))
    nothing: Any = read_listing(write(tmp_path, "underlying = 1"))
    with pytest.raises(ParameterError, match="a file that changes something"):
        propose_listing(world.market, nothing)
