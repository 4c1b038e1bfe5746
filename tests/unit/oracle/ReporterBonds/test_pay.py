"""What reporters earn: fees, the bonus for punctual and accurate rounds, an empty pot."""

import boa

from novate.engine.cache import load
from tests.oracle_world import now

from .conftest import MINIMUM, PRICE, TERMS, UNIT, BondWorld

FEE, BONUS = TERMS[:2]


def test_signers_share_fee_and_bonus(world: BondWorld) -> None:
    world.push(PRICE, 12)
    world.push(PRICE, 12, (2, 3, 4))
    world.push(PRICE, 12)
    pot = world.pot()
    # The last round waits for its neighbour.
    assert world.accrue() == 2
    share = (FEE + BONUS) // 3
    assert world.owed() == [share, share, 2 * share, share, share]
    assert world.pot() == pot - 2 * (FEE + BONUS)
    # Until none can come.
    boa.env.time_travel(seconds=60)
    assert world.accrue() == 2
    boa.env.time_travel(seconds=1)
    assert world.accrue() == 3
    assert world.accrue() == 3


def test_pay_is_claimed_once(world: BondWorld) -> None:
    world.push(PRICE, 12)
    world.push(PRICE, 12)
    world.accrue()
    reporter, share = world.addresses[0], (FEE + BONUS) // 3
    assert world.bonds.claim(sender=reporter) == share
    assert world.bonds.claim(sender=reporter) == 0
    assert world.token.balanceOf(reporter) == share
    assert world.bonds.claim(sender=world.intruder) == 0


def test_late_rounds_earn_no_bonus(world: BondWorld) -> None:
    boa.env.time_travel(seconds=100)
    for delay in (5, 6):
        boa.env.time_travel(seconds=20)
        world.submit(world.report(PRICE, timestamp=now() - delay))
    world.push(PRICE, 20)
    world.accrue()
    assert world.owed()[0] == (2 * FEE + BONUS) // 3


def test_a_spike_earns_no_bonus_and_a_step_does(world: BondWorld) -> None:
    for price in (100, 100, 102, 100, 100, 103, 103, 103):
        world.push(price * 10**8, 12)
    world.accrue()
    # Seven rounds have both neighbours; the third is 2 % off, the step to 103 is not.
    assert world.owed()[0] == (7 * FEE + 6 * BONUS) // 3


def test_rounds_closer_than_asked_earn_nothing(world: BondWorld) -> None:
    for after in (12, 1, 1, 7, 1, 12):
        world.push(PRICE, after)
    world.accrue()
    # At 0, 10 and the rest too soon; the last one waits.
    assert world.owed()[0] == 2 * (FEE + BONUS) // 3


def test_share_of_a_signer_without_bond_stays(world: BondWorld) -> None:
    world.bonds.unbond(1, sender=world.addresses[1])
    world.push(PRICE, 12)
    world.push(PRICE, 12)
    pot = world.pot()
    world.accrue()
    share = (FEE + BONUS) // 3
    assert world.owed()[:3] == [share, 0, share] and world.pot() == pot - 2 * share


def test_signers_of_former_committees_are_paid(world: BondWorld) -> None:
    world.push(PRICE, 12)
    world.feed.set_committee(world.addresses[::-1], 3, sender=world.owner)
    reporters = world.keys
    world.keys = reporters[::-1]
    try:
        world.push(PRICE, 12)
        world.push(PRICE, 12)
    finally:
        world.keys = reporters
    world.accrue()
    share = (FEE + BONUS) // 3
    assert world.owed() == [share, share, 2 * share, share, share]


def test_an_empty_pot_pays_nothing_and_stops_no_report() -> None:
    world = BondWorld(pot=50 * UNIT)
    for _ in range(4):
        world.push(PRICE, 12)
    # One round is paid; whoever calls when the pot is empty takes nothing from anybody.
    assert [world.accrue(), world.accrue()] == [1, 1]
    assert world.feed.rounds() == 4 and world.pot() == 14 * UNIT
    world.give(world.funder, 58 * UNIT)
    world.bonds.fund(world.feed.address, 58 * UNIT, sender=world.funder)
    assert world.accrue() == 3
    assert world.owed()[0] == 36 * UNIT and world.pot() == 0


def test_as_many_rounds_as_asked(world: BondWorld) -> None:
    for _ in range(5):
        world.push(PRICE, 12)
    assert [world.accrue(0), world.accrue(1), world.accrue(2), world.accrue(9)] == [0, 1, 3, 4]


def test_changed_terms_keep_the_place(world: BondWorld) -> None:
    for _ in range(3):
        world.push(PRICE, 12)
    world.accrue(1)
    world.bonds.list_feed(world.feed.address, (3, 0, *TERMS[2:]), sender=world.owner)
    assert world.accrue() == 2
    assert world.owed()[0] == (FEE + BONUS) // 3 + 1


def test_a_feed_is_paid_from_its_listing(world: BondWorld) -> None:
    later = BondWorld()
    bonds = world.bonds
    for _ in range(3):
        later.push(PRICE, 12)
    bonds.list_feed(later.feed.address, TERMS, sender=world.owner)
    assert bonds.accrued(later.feed.address) == 3


def test_what_happens_is_logged(world: BondWorld) -> None:
    world.push(PRICE, 12)
    world.push(PRICE, 12)
    world.accrue()
    (event,) = [e for e in world.bonds.get_logs() if type(e).__name__ == "RoundsPaid"]
    assert (event.last_round, event.amount) == (1, FEE + BONUS)
    world.bonds.claim(sender=world.addresses[0])
    names = [type(e).__name__ for e in world.bonds.get_logs()]
    assert "Claimed" in names


def test_reverts_feed_not_listed(world: BondWorld) -> None:
    stranger = boa.env.generate_address("stranger")
    empty = (1, 0, 0, bytes(32), bytes(32))
    calls = {
        "fund": (1,),
        "accrue": (1,),
        "prove_contradiction": (empty, empty),
        "prove_deviation": (empty, 1, 3),
    }
    for name, arguments in calls.items():
        with boa.reverts("bonds: feed not listed"):
            getattr(world.bonds, name)(stranger, *arguments)


def test_reverts_at_listing_and_deployment(world: BondWorld) -> None:
    feed = world.feed.address
    with boa.reverts("ownable: caller is not the owner"):
        world.bonds.list_feed(feed, TERMS, sender=world.intruder)
    with boa.env.prank(world.owner):
        with boa.reverts("bonds: limit too low"):
            world.bonds.list_feed(feed, (*TERMS[:5], 5 * 10**16 - 1, 60))
        with boa.reverts("bonds: limit too high"):
            world.bonds.list_feed(feed, (*TERMS[:5], 10**18 + 1, 60))
        for place, most in ((0, MINIMUM), (1, MINIMUM), (2, 86_400), (3, 86_400)):
            terms = [*TERMS]
            terms[place] = most + 1
            reason = "bonds: pay above a full bond" if place < 2 else "bonds: time out of range"
            with boa.reverts(reason):
                world.bonds.list_feed(feed, tuple(terms))
            terms[place] = most
            world.bonds.list_feed(feed, tuple(terms))
        with boa.reverts("bonds: band above limit"):
            world.bonds.list_feed(feed, (*TERMS[:4], 10**17 + 1, 10**17, 60))
        for window in (0, 3_601):
            with boa.reverts("bonds: window out of range"):
                world.bonds.list_feed(feed, (*TERMS[:6], window))
    build = world.bonds.deployer.deploy
    with boa.reverts("bonds: no owner"):
        build(world.token.address, 1, "0x" + 40 * "0")
    with boa.reverts("bonds: no minimum"):
        build(world.token.address, 0, world.owner)


def test_reverts_token_did_not_move(world: BondWorld) -> None:
    token = load("tests/hostile/FalseToken.vy").deploy()
    bonds = world.bonds.deployer.deploy(token.address, MINIMUM, world.owner)
    reporter = world.addresses[0]
    with boa.reverts("bonds: token did not move"):
        bonds.bond(1, sender=reporter)
    token.mint(reporter, 5)
    token.approve(bonds.address, 5, sender=reporter)
    bonds.bond(5, sender=reporter)
    bonds.unbond(5, sender=reporter)
    boa.env.time_travel(seconds=bonds.UNBONDING())
    token.jam(True)
    with boa.reverts("bonds: token did not move"):
        bonds.withdraw(sender=reporter)
    token.jam(False)
    assert bonds.withdraw(sender=reporter) == 5


def test_a_token_that_returns_nothing(world: BondWorld) -> None:
    token = load("tests/hostile/NoReturnToken.vy").deploy()
    bonds = world.bonds.deployer.deploy(token.address, MINIMUM, world.owner)
    reporter = world.addresses[0]
    token.mint(reporter, 5)
    token.approve(bonds.address, 5, sender=reporter)
    bonds.bond(5, sender=reporter)
    assert token.balanceOf(bonds.address) == bonds.stake(reporter) == 5
