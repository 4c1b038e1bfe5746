"""Code replaced under open positions: in a trade day, an auction, a dispute, and by governance.

Each story is told twice from the same moment, with the old code and with the new; all that anybody
has must be the same to the wei.
"""

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boa
import pytest

from novate.deploy import CONTRACTS, compiled
from novate.engine.cache import load
from novate.fronts import hand_on
from novate.governance import Proposal, State, call
from novate.governance.layouts import require_compatible
from novate.governance.proposals import operation_of
from novate.market import Account
from novate.parameters import Parameters
from tests.governed_world import GovernedWorld
from tests.world import WAD, World, build

ROOT = Path(__file__).resolve().parents[2]
DAY = 86_400
SOLVENT, LATER, NO_LIMIT = 1, 2**40, 2**200
NEXT = ROOT / "tests/hostile/LeakyBackOffice.vy"


@pytest.fixture(scope="module")
def world() -> World:
    """A market behind proxies: a maker, a writer of puts, a hedger and a bidder, with positions."""
    world = World(Parameters(upgradeable=True, grace=0))
    market = world.market
    for role, cash in (("maker", 500_000), ("writer", 12_400), ("hedger", 20_000)):
        world.person(role, cash)
    world.person("bidder", 1_000_000)
    market.push_price(2_750, 0.15)
    put, call_ = market.put(2_500, 30), market.call(2_900, 30)
    week = market.put(2_700, 7)
    people = {account.name: account for account in market.accounts}
    world.novate(world.trade(people["writer"], people["maker"], put, 20, 200))
    world.novate(world.trade(people["maker"], people["hedger"], call_, 3, 90, 1, 1))
    world.novate(world.trade(people["maker"], people["hedger"], week, 5, 150))
    return world


def next_at(address: Any) -> Any:
    """What runs at an address, with the functions of the next back office."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return load(NEXT).at(address)


def people(world: World) -> dict[str, Account]:
    return {account.name: account for account in world.market.accounts}


def everything(world: World) -> dict[str, Any]:
    """All that anybody has, and what the house says of itself."""
    ledger = world.ledger
    numbers = [account.number for account in world.market.accounts] + [ledger.FUND()]
    return {
        "certificate": tuple(ledger.certificate()),
        "accounts": [
            (
                ledger.header_of(number),
                ledger.cash_of(number),
                tuple(ledger.positions_of(number)),
                tuple(ledger.holdings_of(number)),
                tuple(ledger.health(number)),
            )
            for number in numbers
        ],
        "tokens": world.market.cash_token.balanceOf(ledger.address),
        "venue": ledger.venues(world.venue),
        "house": ledger.auction_house(),
        "engines": [ledger.engines(i) for i in range(2)],
    }


def new_clearinghouse(world: World) -> Any:
    """Another version of both halves, as code."""
    market = world.market
    units = [
        market.contracts[name].address
        for name in ("oracle", "listing", "operators", "curve", "cash_token")
    ]
    back = load(NEXT).deploy(*units)
    return compiled("clearing/Clearinghouse.vy").deploy(*units, back.address, back.address)


def migration(world: World) -> bytes:
    """What brings storage up to the version: encoded by the new back office."""
    data: bytes = next_at(world.ledger.address).migrate.prepare_calldata(2)
    return data


def upgrade_clearinghouse(world: World) -> None:
    code = new_clearinghouse(world)
    world.ledger.upgradeToAndCall(code.address, migration(world), sender=world.owner)
    assert next_at(world.ledger.address).generation() == 2


def compare(world: World, change: Callable[[], None], story: Callable[[], Any]) -> Any:
    """The same story with the old code and with the new."""
    told = []
    for changes in (False, True):
        with boa.env.anchor():
            before = everything(world)
            if changes:
                change()
                assert everything(world) == before
            outcome = story()
            told.append((outcome, everything(world)))
    assert told[0] == told[1]
    return told[0][0]


def test_in_the_middle_of_a_trade_day(world: World) -> None:
    market, who = world.market, people(world)
    code = market.put(2_600, 30)

    def rest_of_the_day() -> Any:
        market.push_price(2_700, 0.2)
        world.novate(world.trade(who["maker"], who["hedger"], code, 2, 120, 1, 2))
        market.withdraw(who["maker"], 10_000)
        with boa.reverts("margin: below initial"):
            market.withdraw(who["writer"], 12_000)
        expiry = market.put(2_700, 7).expiry
        market.travel_to(expiry - 2_000)
        market.push_price(2_620, 0.2)
        market.travel_to(expiry)
        market.push_price(2_600, 0.2)
        market.fix(expiry)
        market.settle()
        return market.wallet(who["maker"])

    compare(world, lambda: upgrade_clearinghouse(world), rest_of_the_day)


def test_in_the_middle_of_an_auction(world: World) -> None:
    market, who = world.market, people(world)
    house = market.auctions
    market.push_price(1_980, 0.4)
    house.start(who["writer"].number, 0, sender=who["bidder"].address)
    market.travel(3_600)
    market.push_price(1_980, 0.4)

    def bid(units: int) -> Any:
        return house.bid(
            who["writer"].number,
            who["bidder"].number,
            units,
            NO_LIMIT,
            SOLVENT,
            LATER,
            sender=who["bidder"].address,
        )

    bid(WAD // 10)

    def change() -> None:
        upgrade_clearinghouse(world)
        code = build("proxy/UpgradeableAuctionHouse.vy", world.ledger.address)
        house.upgradeToAndCall(code.address, b"", sender=world.owner)

    def rest_of_the_auction() -> Any:
        running = house.running(), house.provisions(who["writer"].number), house.rules_version()
        market.travel(1_800)
        market.push_price(1_970, 0.4)
        second = bid(WAD // 10)
        preview = house.preview(who["writer"].number, WAD)
        market.travel(1_800)
        market.push_price(2_750, 0.15)
        house.finish(who["writer"].number)
        return running, second, tuple(preview.deal)

    running, second, _ = compare(world, change, rest_of_the_auction)
    assert running[0] == 1 and second[0] > 0


def test_in_the_middle_of_a_dispute(world: World) -> None:
    market, who = world.market, people(world)
    court, token = market.court, market.cash_token
    expiry = market.put(2_700, 7).expiry
    market.travel_to(expiry - 2_000)
    market.push_price(2_700, 0.2)
    market.travel_to(expiry)
    market.push_price(2_690, 0.2)
    for role in ("maker", "hedger"):
        token.mint(who[role].address, 10_000 * 10**6, sender=world.owner)
        token.approve(court.address, 2**256 - 1, sender=who[role].address)
    court.propose(1, expiry, 2_650 * WAD, sender=who["maker"].address)
    court.dispute(1, expiry, sender=who["hedger"].address)

    def change() -> None:
        upgrade_clearinghouse(world)
        code = build(
            "proxy/UpgradeableFixingCourt.vy",
            market.oracle.address,
            token.address,
            court.BOND(),
            court.WINDOW(),
            court.BENEFICIARY(),
        )
        court.upgradeToAndCall(code.address, b"", sender=world.owner)

    def rest_of_the_dispute() -> Any:
        proposal = tuple(court.proposal_of(1, expiry))
        market.fix(expiry)
        court.settle(1, expiry)
        court.withdraw(sender=who["hedger"].address)
        market.settle()
        return proposal, market.oracle.fixing(1, expiry), token.balanceOf(who["hedger"].address)

    proposal, fixing, wallet = compare(world, change, rest_of_the_dispute)
    # The proposal was wrong, so who disputed it has both bonds.
    assert proposal[0] == 2_650 * WAD and fixing > 2_650 * WAD
    assert wallet == 10_000 * 10**6 + court.BOND()


def test_initialised_once_in_every_unit(world: World) -> None:
    market = world.market
    for name, arguments in (
        ("clearinghouse", (world.intruder, market.curve.address)),
        ("auctions", (world.intruder, tuple(market.auctions.rules_of(1)))),
        ("court", (world.intruder,)),
    ):
        for contract in (market.contracts[name], market.contracts[f"{name}_code"]):
            if name == "clearinghouse":
                hand_on(contract, market.back_office)
            encoder = market.back_office if name == "clearinghouse" else market.contracts[name]
            data = encoder.initialize.prepare_calldata(*arguments)
            for sender in (world.intruder, world.owner):
                result = boa.env.execute_code(contract.address, sender=sender, data=data)
                assert result.is_error and b"already initialised" in bytes(result.output)
    data = market.back_office.initialize.prepare_calldata(world.intruder, market.curve.address)
    assert boa.env.execute_code(market.back_office.address, data=data).is_error


# -- by governance --


@pytest.fixture(scope="module")
def governed(world: World) -> GovernedWorld:
    return GovernedWorld(world)


def proposal_to_run(world: World, code: Any, data: bytes = b"") -> Proposal:
    return Proposal((call(world.ledger.upgradeToAndCall, code.address, data),), "a next version")


def test_governance_upgrades_under_open_positions(world: World, governed: GovernedWorld) -> None:
    """The same days with and without: nobody has a wei more or less."""
    code = new_clearinghouse(world)
    old = json.loads((CONTRACTS / "proxy/UpgradeableBackOffice.layout.json").read_text())
    require_compatible(old, load(NEXT).compiler_data.storage_layout["storage_layout"])
    told = []
    for proposal in (
        Proposal((call(world.market.listing.lift, 0),), "nothing much"),
        proposal_to_run(world, code, migration(world)),
    ):
        with boa.env.anchor():
            governed.carry(proposal)
            told.append(everything(world))
            running = next_at(world.ledger.address)
            assert (proposal.description == "nothing much") or running.generation() == 2
    assert told[0] == told[1]


def test_nobody_upgrades_without_the_timelock(world: World, governed: GovernedWorld) -> None:
    code = new_clearinghouse(world)
    guardian = governed.governance.guardian.address
    for sender in (world.owner, world.intruder, guardian, governed.holder):
        for name in ("clearinghouse", "auctions", "court"):
            with boa.reverts("ownable: caller is not the owner"):
                world.market.contracts[name].upgradeToAndCall(code.address, b"", sender=sender)


def test_a_malicious_version_is_vetoed_in_the_delay(world: World, governed: GovernedWorld) -> None:
    """A majority accepted it; in the delay users can leave, and the guardian prevents it."""
    thief = build("tests/hostile/ThievingImplementation.vy")
    governance, proposal = governed.governance, proposal_to_run(world, thief)
    governed.accept(proposal)
    governance.queue(proposal)
    market, maker = world.market, people(world)["maker"]
    with boa.env.anchor():
        # Without a veto: whoever left in the delay has lost nothing, the rest is gone.
        market.push_price(2_750, 0.15)
        market.withdraw(maker, 400_000)
        left = market.wallet(maker)
        governance.pass_time(2 * DAY)
        governance.execute(proposal)
        looter = load(ROOT / "tests/hostile/ThievingImplementation.vy").at(world.ledger.address)
        looter.loot(market.cash_token.address, sender=world.intruder)
        assert market.cash_token.balanceOf(world.ledger.address) == 0
        assert market.wallet(maker) == left
    operation = operation_of(governance.governor, governance.timelock, proposal)
    governed.guard(call(governance.timelock.cancel, operation))
    assert governance.state(proposal) is State.CANCELLED
    governance.pass_time(2 * DAY)
    with boa.reverts("governor: not queued"):
        governance.execute(proposal)
    assert market.cash_token.balanceOf(world.ledger.address) > 0
