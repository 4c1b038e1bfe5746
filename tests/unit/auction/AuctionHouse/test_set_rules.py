"""The owner's rules: versions, and bounds that no owner can pass."""

from dataclasses import astuple
from typing import Any

import boa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from novate.reference import auction as reference
from novate.series import WAD

from .conftest import House, usd

FIELDS = [
    "start",
    "cutoff",
    "fast",
    "slow",
    "tail",
    "insolvent",
    "fee",
    "buffer",
    "tip_share",
    "tip",
    "family",
]
SHARES = ("start", "cutoff", "fee", "buffer", "tip_share")
DEFAULT = {
    name: value * 10_000 // WAD if name in SHARES else value
    for name, value in zip(FIELDS, astuple(reference.Rules()), strict=True)
}


def set_rules(auction: House, **changes: int) -> tuple[int, ...]:
    rules = tuple((DEFAULT | changes)[field] for field in FIELDS)
    auction.house.set_rules(rules, sender=auction.owner)
    return rules


def test_defaults(auction: House) -> None:
    assert auction.house.rules_version() == 1
    assert dict(zip(FIELDS, auction.house.rules_of(1), strict=True)) == DEFAULT
    assert not any(auction.house.rules_of(2))


def test_a_change_is_a_new_version(auction: House) -> None:
    rules = set_rules(auction, start=9_800, cutoff=8_000, fast=100, slow=14_400, tail=9_000)
    changed: Any = auction.event("RulesSet")
    assert changed.version == auction.house.rules_version() == 2
    assert tuple(changed.new) == tuple(auction.house.rules_of(2)) == rules
    assert tuple(changed.old) == tuple(auction.house.rules_of(1))
    assert auction.house.price_factor(100) == 8 * WAD // 10


def test_each_figure_has_a_place_of_its_own(auction: House) -> None:
    """All odd, so that a bit which strays shows; and told again when they are old."""
    odd = {"start": 9_501, "cutoff": 7_001, "fast": 901, "slow": 43_201, "tail": 8_601}
    odd |= {"insolvent": 3_601, "fee": 1_001, "buffer": 1_501, "tip_share": 101}
    rules = set_rules(auction, **odd, tip=10**18 + 1, family=1)
    assert tuple(auction.house.rules_of(2)) == rules
    set_rules(auction)
    assert tuple(auction.event("RulesSet").old) == tuple(auction.house.rules_of(2)) == rules


@given(st.data())
def test_rules_survive_packing(auction: House, data: st.DataObject) -> None:
    start = data.draw(st.integers(5_000, 10_000))
    fast, slow = data.draw(st.integers(60, 86_400)), data.draw(st.integers(600, 7 * 86_400))
    rules = set_rules(
        auction,
        start=start,
        cutoff=data.draw(st.integers(1_000, start)),
        fast=fast,
        slow=slow,
        tail=fast + data.draw(st.integers(0, slow // 2)),
        insolvent=data.draw(st.integers(60, 86_400)),
        fee=data.draw(st.integers(0, 2_000)),
        buffer=data.draw(st.integers(100, 5_000)),
        tip_share=data.draw(st.integers(0, 1_000)),
        tip=data.draw(st.integers(0, 1_000 * WAD)),
        family=0,
    )
    assert tuple(auction.house.rules_of(2)) == rules
    assert auction.house.price_factor(rules[4]) >= WAD // 20


@pytest.mark.parametrize(
    "field, low, high",
    [
        ("start", 7_000, 10_000),
        ("cutoff", 3_000, 9_500),
        ("fast", 60, 36_900),
        ("slow", 38_770, 604_800),
        # Until the factor would be below 5 %: 900 + 43,200 * (1 - 0.05 / 0.70).
        ("tail", 900, 41_014),
        ("insolvent", 60, 86_400),
        ("fee", 0, 2_000),
        ("buffer", 100, 5_000),
        ("tip_share", 0, 1_000),
        ("tip", 0, 1_000 * WAD),
    ],
)
def test_reverts_out_of_range(auction: House, field: str, low: int, high: int) -> None:
    for value in (low, high):
        set_rules(auction, **{field: value})
    for value in (low - 1, high + 1):
        if value < 0:
            continue
        with pytest.raises(boa.BoaError) as refused:
            set_rules(auction, **{field: value})
        assert "out of range" in str(refused.value.stack_trace.last_frame)


@pytest.mark.parametrize(
    "changes",
    [
        {"start": 5_000, "cutoff": 5_000},
        {"start": 5_000, "cutoff": 1_000, "tail": 900},
        {"start": 10_000, "cutoff": 10_000},
        {"fast": 60},
        {"fast": 86_400, "tail": 86_400},
        {"slow": 600, "tail": 900},
        {"slow": 7 * 86_400},
        # 5 % of mark at its end, exactly: 900 + 42,000 * (1 - 0.05 / 0.70).
        {"slow": 42_000, "tail": 39_900},
        {"insolvent": 60},
        {"insolvent": 86_400},
        {"fee": 2_000, "buffer": 5_000, "tip_share": 1_000, "tip": 1_000 * WAD},
        {"fee": 0, "buffer": 100, "tip_share": 0, "tip": 0},
        {"family": 2},
    ],
)
def test_bounds_themselves_are_allowed(auction: House, changes: dict[str, int]) -> None:
    rules = set_rules(auction, **changes)
    assert tuple(auction.house.rules_of(2)) == rules


@pytest.mark.parametrize(
    "changes, reason",
    [
        ({"start": 10_001}, "auction: start out of range"),
        ({"start": 4_999, "cutoff": 4_000}, "auction: start out of range"),
        ({"cutoff": 9_501}, "auction: cutoff out of range"),
        ({"cutoff": 999}, "auction: cutoff out of range"),
        ({"fast": 59}, "auction: fast out of range"),
        ({"fast": 86_401}, "auction: fast out of range"),
        ({"slow": 599}, "auction: slow out of range"),
        ({"slow": 604_801}, "auction: slow out of range"),
        ({"tail": 899}, "auction: tail out of range"),
        ({"tail": 44_100}, "auction: tail out of range"),
        ({"tail": 2**200}, "auction: tail out of range"),
        ({"insolvent": 59}, "auction: insolvent out of range"),
        ({"fee": 2_001}, "auction: fee out of range"),
        ({"buffer": 99}, "auction: buffer out of range"),
        ({"tip_share": 1_001}, "auction: tip out of range"),
        ({"tip": 1_000 * WAD + 1}, "auction: tip out of range"),
        ({"family": 3}, "auction: unknown curve"),
        ({"family": 2**255}, "auction: unknown curve"),
        # From 0.95 to 0.70 in 900 s: below 5 % after 8,678 s.
        ({"family": 1, "tail": 8_679}, "auction: tail out of range"),
    ],
)
def test_reverts_with_the_reason(auction: House, changes: dict[str, int], reason: str) -> None:
    with boa.reverts(reason):
        set_rules(auction, **changes)


def test_families(auction: House) -> None:
    set_rules(auction, family=1, tail=8_600)
    for elapsed in (0, 450, 900, 8_600):
        exact = 0.95 * (0.70 / 0.95) ** (elapsed / 900)
        assert auction.house.price_factor(elapsed) / WAD == pytest.approx(exact, rel=1e-14)
    set_rules(auction, family=2, slow=600, tail=8_600)
    assert auction.house.rules_of(3).family == 2
    assert auction.house.price_factor(1_199) == auction.house.price_factor(600)
    assert auction.house.price_factor(1_200) < auction.house.price_factor(600)


def test_an_underlying_of_its_own(auction: House) -> None:
    house = auction.house
    set_rules(auction, fee=0, tip=0)
    assert house.rules_version() == 2
    with boa.reverts("auction: unknown version"):
        house.choose_rules(1, 3, sender=auction.owner)
    with boa.reverts("ownable: caller is not the owner"):
        house.choose_rules(1, 1, sender=auction.intruder)
    house.choose_rules(7, 1, sender=auction.owner)
    chosen: Any = auction.event("RulesChosen")
    assert (chosen.underlying, chosen.old_version, chosen.new_version) == (7, 0, 1)
    assert house.version_of(7) == 1
    seven, eight = 7 << 240, 8 << 240
    for positions, version in (
        ([seven], 1),
        ([eight], 2),
        ([seven, eight], 2),
        ([seven, seven], 1),
    ):
        with boa.env.anchor():
            auction.ledger.set_positions(auction.account, positions)
            auction.start()
            assert auction.event("AuctionStarted").rules == version
    # Without positions there is no underlying: collateral beside a debt.
    with boa.env.anchor():
        auction.ledger.set_account(auction.account, usd(-100), 0, 0)
        auction.ledger.set_holdings(auction.account, [1])
        auction.start()
        assert auction.event("AuctionStarted").rules == 2
    house.choose_rules(7, 0, sender=auction.owner)
    told = auction.event("RulesChosen")
    assert (told.underlying, told.old_version, told.new_version) == (7, 1, 0)
    auction.ledger.set_positions(auction.account, [seven])
    auction.start()
    assert auction.event("AuctionStarted").rules == 2


def test_only_the_owner(auction: House) -> None:
    with boa.reverts("ownable: caller is not the owner"):
        auction.house.set_rules(tuple(DEFAULT.values()), sender=auction.intruder)
    auction.house.transfer_ownership(auction.intruder, sender=auction.owner)
    auction.house.set_rules(tuple(DEFAULT.values()), sender=auction.intruder)
