"""Reporters' bonds and their reference model, moved side by side through random histories."""

from fractions import Fraction

import boa
from hypothesis import given, settings
from hypothesis import strategies as st

from novate.reference.bonds import DISPUTE_WINDOW, Bonds, Round, Terms
from tests.oracle_world import now
from tests.unit.oracle.ReporterBonds.conftest import MINIMUM, PRICE, TERMS, UNIT, WAD, BondWorld

HALF, ALL = Fraction(1, 2), Fraction(1)
places = st.integers(0, 4)
steps = st.one_of(
    st.tuples(
        st.just("round"),
        st.integers(1, 40),
        st.integers(0, 9),
        st.sampled_from([60, 100, 100, 100, 100, 101, 102, 150]),
        st.permutations(range(5)),
    ),
    st.tuples(st.just("accrue"), st.integers(0, 4)),
    st.tuples(st.just("fund"), st.integers(0, 60 * UNIT)),
    st.tuples(st.just("bond"), places, st.integers(0, MINIMUM)),
    st.tuples(st.just("unbond"), places, st.integers(0, MINIMUM)),
    st.tuples(st.just("withdraw"), places),
    st.tuples(st.just("claim"), places),
    st.tuples(st.just("wait"), st.sampled_from([100, DISPUTE_WINDOW + 1, 7 * 86_400])),
    st.tuples(st.just("contradict"), places, st.integers(0, 2)),
    st.tuples(st.just("deviate"), places, st.integers(1, 6), st.sampled_from([70, 100, 130])),
)
REACHED: set[str] = set()


class Both:
    """The contract and the model."""

    def __init__(self) -> None:
        self.world = BondWorld(pot=100 * UNIT)
        fee, bonus, punctual, spacing, band, limit, window = TERMS
        self.model = Bonds(
            Terms(
                *(fee, bonus, punctual, spacing, Fraction(band, WAD), Fraction(limit, WAD), window)
            ),
            MINIMUM,
        )
        self.model.pot = 100 * UNIT
        for reporter in self.world.addresses:
            self.model.stake[reporter] = MINIMUM

    def play(self, name: str, *arguments: object) -> None:
        getattr(self, f"do_{name}")(*arguments)
        self.compare()

    def do_round(self, after: int, delay: int, hundredths: int, order: list[int]) -> None:
        boa.env.time_travel(seconds=after)
        signers, price = sorted(order[:3]), PRICE * hundredths // 100
        time = now() - delay
        if self.model.rounds and time <= self.model.rounds[-1].time:
            return
        self.world.submit(self.world.report(price, timestamp=time), signers)
        names = tuple(self.world.addresses[i] for i in signers)
        self.model.rounds.append(Round(price, time, delay, names))

    def do_accrue(self, most: int) -> None:
        self.world.accrue(most)
        self.model.accrue(most, now())

    def do_fund(self, amount: int) -> None:
        self.world.give(self.world.funder, amount)
        self.world.bonds.fund(self.world.feed.address, amount, sender=self.world.funder)
        self.model.pot += amount

    def do_bond(self, who: int, amount: int) -> None:
        self.world.bond(self.world.addresses[who], amount)
        self.model.stake[self.world.addresses[who]] += amount

    def do_unbond(self, who: int, amount: int) -> None:
        reporter = self.world.addresses[who]
        if amount <= self.model.stake[reporter]:
            self.world.bonds.unbond(amount, sender=reporter)
            self.model.unbond(reporter, amount, now())

    def do_withdraw(self, who: int) -> None:
        reporter = self.world.addresses[who]
        if now() < self.model.released.get(reporter, 0):
            REACHED.add("unbonding")
            with boa.reverts("bonds: still unbonding"):
                self.world.bonds.withdraw(sender=reporter)
        else:
            paid = self.world.bonds.withdraw(sender=reporter)
            assert paid == self.model.leaving.pop(reporter, 0)

    def do_claim(self, who: int) -> None:
        reporter = self.world.addresses[who]
        assert self.world.bonds.claim(sender=reporter) == self.model.owed.pop(reporter, 0)

    def do_wait(self, seconds: int) -> None:
        boa.env.time_travel(seconds=seconds)

    def do_contradict(self, who: int, back: int) -> None:
        if len(self.model.rounds) <= back:
            return
        reporter, time = self.world.addresses[who], self.model.rounds[-1 - back].time
        refusal = self.model.refusal(reporter, time, now())
        if refusal is None:
            REACHED.add("contradiction")
            reward = self.world.contradict(who, time)
            assert reward == self.model.slash(reporter, time, ALL, self.world.prover)
        else:
            REACHED.add(refusal)
            with boa.reverts(refusal):
                self.world.contradict(who, time)

    def do_deviate(self, who: int, back: int, hundredths: int) -> None:
        if len(self.model.rounds) < back:
            return
        price, time = PRICE * hundredths // 100, self.model.rounds[-back].time
        near = self.model.near(time)
        first = self.model.rounds.index(near[0]) + 1
        reporter = self.world.addresses[who]
        refusal = None
        if now() <= time + self.model.terms.window:
            refusal = "bonds: window still open"
        elif not 3 <= len(near) <= 48:
            refusal = "bonds: too few or many rounds"
        elif not self.model.deviates(price, time):
            refusal = "bonds: within the limit"
        else:
            refusal = self.model.refusal(reporter, time, now())
        if refusal is None and self.model.taken(reporter, HALF) == 0:
            refusal = "bonds: nothing at stake"
        if refusal is None:
            REACHED.add("deviation")
            reward = self.world.deviate(who, price, time, first, len(near))
            assert reward == self.model.slash(reporter, time, HALF, self.world.prover)
        else:
            REACHED.add(refusal)
            with boa.reverts(refusal):
                self.world.deviate(who, price, time, first, len(near))

    def compare(self) -> None:
        world, model, bonds = self.world, self.model, self.world.bonds
        assert world.pot() == model.pot
        assert bonds.accrued(world.feed.address) == model.accrued
        for earner in (*world.addresses, world.prover):
            assert bonds.stake(earner) == model.stake[earner]
            assert bonds.leaving(earner) == model.leaving[earner]
            assert bonds.owed(earner) == model.owed[earner]
        # Every unit that came in is somebody's.
        assert world.token.balanceOf(bonds.address) == model.held


@settings(max_examples=12, derandomize=True)
@given(st.lists(steps, min_size=10, max_size=40))
def test_any_history(history: list[tuple]) -> None:
    both = Both()
    for name, *arguments in history:
        both.play(name, *arguments)


def test_the_histories_reach_what_matters() -> None:
    # A fixed one, so that every branch above is known to be taken.
    both = Both()
    for who in range(3):
        for _ in range(6):
            both.play("round", 12, 0, 100, [0, 1, 2, 3, 4])
        both.play("wait", 100)
        both.play("deviate", who, 3, 130)
        both.play("deviate", who, 3, 130)
        both.play("deviate", who, 3, 100)
        both.play("unbond", who, 100)
        both.play("withdraw", who)
        both.play("contradict", who, 0)
        both.play("contradict", who, 1)
        both.play("accrue", 4)
    assert REACHED >= {
        "contradiction",
        "deviation",
        "unbonding",
        "bonds: already proved",
        "bonds: nothing at stake",
        "bonds: within the limit",
    }
