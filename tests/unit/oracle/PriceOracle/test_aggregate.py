"""Several sources: what a minority, or all of them, can and cannot do to the price."""

import random
from typing import Any, NamedTuple

import boa
import pytest

from novate.gas import fresh_transaction
from novate.reference import oracle as model

WAD = 10**18
SPOT, MAX_AGE, SPX = 2_700 * 10**8, 3_600, 1
REVERTING, GAS_BURNING, HUGE_RETURN, SHORT_RETURN, NO_RETURN = range(1, 6)
UNSETTLED = 2**256 - 1


def _now() -> int:
    return int(boa.env.evm.patch.timestamp)


class Panel(NamedTuple):
    """An underlying priced by several sources."""

    desk: Any
    sources: list[Any]

    def say(self, *answers: int, age: int = 0) -> None:
        """One answer [USD] of each source."""
        for source, answer in zip(self.sources, answers, strict=True):
            source.say(answer * 10**8, _now() - age)

    def limit(self, hold: int = 0, spread: int = 500, jump: int = 0) -> None:
        self.desk.oracle.set_limits(SPX, hold, spread, jump, sender=self.desk.owner)

    @property
    def status(self) -> tuple[int, int]:
        """(fault, price)"""
        return tuple(self.desk.oracle.status(SPX)[:2])  # type: ignore[return-value]

    def poke(self) -> int:
        return int(self.desk.oracle.poke(SPX))


def panel(desk: Any, count: int, quorum: int) -> Panel:
    sources = [desk.lying() for _ in range(count)]
    desk.set_sources(SPX, sources, quorum)
    return Panel(desk, sources)


@pytest.fixture
def three(desk: Any) -> Panel:
    return panel(desk, 3, 2)


@pytest.fixture
def nine(desk: Any) -> Panel:
    return panel(desk, 9, 5)


def test_median_of_the_fresh_sources(three: Panel) -> None:
    three.say(2_690, 2_720, 2_710)
    assert three.status == (model.SERVED, 2_710 * WAD)
    # 20 of 135.5 that they may be away, and half of that is lost at the limit.
    doubt = WAD * 20 * WAD // (2 * (2_710 * WAD * 500 // 10_000))
    assert three.desk.oracle.price(SPX) == (2_710 * WAD, WAD - doubt, _now())


def test_even_number_of_sources_gives_the_mean_of_the_middle(three: Panel) -> None:
    boa.env.time_travel(seconds=MAX_AGE + 1)
    three.sources[0].say(2_700 * 10**8, _now())
    three.sources[2].say(2_710 * 10**8, _now() - 7)
    assert three.status == (model.SERVED, 2_705 * WAD)
    assert three.desk.oracle.price(SPX)[2] == _now() - 7


@pytest.mark.parametrize("seed", range(6))
def test_the_order_of_the_sources_does_not_matter(nine: Panel, seed: int) -> None:
    """The worst for a sort, all the wrong way round, and some others."""
    answers = list(range(2_708, 2_699, -1))
    if seed:
        random.Random(seed).shuffle(answers)
    nine.say(*answers)
    assert nine.status == (model.SERVED, 2_704 * WAD)
    # An even number of them: one is stale.
    nine.sources[answers.index(2_700)].say(2_700 * 10**8, _now() - MAX_AGE - 1)
    assert nine.status == (model.SERVED, 27_045 * WAD // 10)


def test_one_at_zero_and_one_at_2_255(nine: Panel) -> None:
    nine.sources[0].say(0, _now())
    nine.sources[1].say(2**255 - 1, _now())
    assert nine.status == (model.SERVED, 2_700 * WAD)
    assert nine.desk.oracle.price(SPX)[1] == WAD
    assert nine.desk.lens.sources_of(SPX)[1] == [5, 5] + [0] * 7


def test_valid_outlier_neither_moves_nor_stops_the_price(three: Panel) -> None:
    for lie in (1, 27, 27_000, 10**11):
        three.say(2_700, lie, 2_702)
        fault, price = three.status
        assert fault == model.SERVED and 2_700 * WAD <= price <= 2_702 * WAD
        # Two of three agree, and these are 2 apart at most.
        assert WAD * 65 // 100 < three.desk.oracle.price(SPX)[1] < WAD * 2 // 3 + 1


def test_reverts_sources_disagree_when_too_far_apart(three: Panel) -> None:
    three.say(2_000, 2_700, 3_500)
    assert three.status == (model.DISAGREEMENT, 2_700 * WAD)
    with boa.reverts("oracle: sources disagree"):
        three.desk.oracle.price(SPX)
    quote = three.desk.oracle.quote(SPX, 0)
    assert (quote.fresh, quote.confidence) == (False, 0)


@pytest.mark.parametrize("mode", [REVERTING, GAS_BURNING, HUGE_RETURN, SHORT_RETURN, NO_RETURN])
def test_minority_that_misbehaves_counts_as_absent(desk: Any, mode: int) -> None:
    """Reverts, burns all gas, returns far too much: bounded gas, and the price of the others."""
    honest = [desk.lying(SPOT + i) for i in range(5)]
    hostile = [desk.hostile() for _ in range(4)]
    desk.set_sources(SPX, [*honest, *hostile], 5)
    for one in hostile:
        one.misbehave(mode, True)
    with fresh_transaction():
        price, fresh = desk.oracle.spot(SPX, gas=4_000_000)
    assert (price, fresh) == ((SPOT + 2) * 10**10, True)
    assert desk.oracle._computation.get_gas_used() < 600_000
    assert desk.oracle.poke(SPX) == model.SERVED


def test_majority_that_misbehaves_costs_bounded_gas_too(desk: Any) -> None:
    hostile = [desk.hostile() for _ in range(9)]
    desk.set_sources(SPX, hostile, 5)
    for one in hostile:
        one.misbehave(GAS_BURNING, True)
    with fresh_transaction():
        assert desk.oracle.spot(SPX) == (2_700 * WAD, False)
    assert desk.oracle._computation.get_gas_used() < 2_000_000


def test_reverts_below_quorum(three: Panel) -> None:
    three.sources[0].say(-1, _now())
    assert three.status[0] == model.SERVED
    three.sources[1].say(0, _now())
    assert three.status == (model.BELOW_QUORUM, 2_700 * WAD)
    with boa.reverts("oracle: below quorum"):
        three.desk.oracle.price(SPX)


def test_stale_sources_are_told_as_such(three: Panel) -> None:
    boa.env.time_travel(seconds=10)
    three.say(2_710, 2_710, 2_710)
    boa.env.time_travel(seconds=2 * MAX_AGE)
    assert three.status == (model.STALE, 2_710 * WAD)
    assert three.desk.oracle.status(SPX)[2:] == (WAD // 2, _now() - 2 * MAX_AGE)
    three.sources[2].say(2_800 * 10**8, _now())
    assert three.status[0] == model.STALE


def test_out_of_order_rounds_do_not_take_the_price_back(three: Panel) -> None:
    boa.env.time_travel(seconds=MAX_AGE)
    three.say(2_710, 2_710, 2_710)
    three.poke()
    three.say(2_600, 2_600, 2_600, age=MAX_AGE + 1)
    assert three.status == (model.STALE, 2_710 * WAD)


# -- jumps and the breaker --


def test_reverts_price_jump_when_all_agree_on_it_in_one_block(nine: Panel) -> None:
    """All sources agree on a fall by 90 % within one block: not served, and accepted at last."""
    nine.limit(jump=100)
    nine.poke()
    nine.say(*[270] * 9)
    assert nine.status == (model.JUMP, 2_700 * WAD)
    with boa.reverts("oracle: price jump"):
        nine.desk.oracle.price(SPX)
    assert nine.poke() == model.JUMP
    (event,) = nine.desk.oracle.get_logs()
    assert (type(event).__name__, event.fault) == ("BreakerTripped", model.JUMP)
    assert nine.desk.oracle.last(SPX)[0] == 2_700 * WAD
    # 90 minutes at 1 % a minute, less the one that is allowed at once.
    boa.env.time_travel(seconds=89 * 60 - 1)
    nine.say(*[270] * 9)
    assert nine.status[0] == model.JUMP and nine.poke() == model.JUMP
    boa.env.time_travel(seconds=1)
    assert nine.status == (model.SERVED, 270 * WAD)
    assert nine.poke() == model.SERVED
    names = [type(event).__name__ for event in nine.desk.oracle.get_logs()]
    assert names == ["BreakerRecovered", "Observed"]


def test_long_silence_does_not_let_any_jump_pass(three: Panel) -> None:
    """Without a poke, jumps add up for half an hour only: a flash of ten hours later is refused."""
    three.limit(jump=100)
    three.poke()
    for seconds, answer, fault in (
        (36_000, 2_700 * 131 // 100, model.SERVED),
        (0, 2_700 * 131 // 100 + 1, model.JUMP),
    ):
        boa.env.time_travel(seconds=seconds)
        three.say(*[answer] * 3)
        assert three.status[0] == fault


def test_flash_loaned_sole_source_never_becomes_the_served_price(desk: Any) -> None:
    """A pool whose spot is moved, read and moved back within one block (P-17)."""
    pool = desk.lying()
    underlying = desk.list_with(pool)
    desk.oracle.set_limits(underlying, 12, 500, 50, sender=desk.owner)
    boa.env.time_travel(seconds=12)
    desk.oracle.poke(underlying)
    pool.say(2 * SPOT, _now())
    # Held: what was served before the flash is served during it.
    assert desk.oracle.spot(underlying) == (2_700 * WAD, True)
    assert desk.oracle.poke(underlying, sender=desk.intruder) == model.JUMP
    assert desk.oracle.spot(underlying) == (2_700 * WAD, False)
    assert desk.oracle.last(underlying)[0] == 2_700 * WAD
    pool.say(SPOT, _now())
    assert desk.oracle.poke(underlying) == model.SERVED
    assert desk.oracle.spot(underlying) == (2_700 * WAD, True)
    assert desk.oracle.watermarks(underlying, -(-_now() // 3_600))[0] == 2_700 * 10**8


def test_one_flash_loaned_source_of_three_moves_nothing(three: Panel) -> None:
    three.say(2_699, 2_700, 2_701)
    three.sources[1].say(5_400 * 10**8, _now())
    assert three.status == (model.SERVED, 2_701 * WAD)
    three.sources[1].say(1, _now())
    assert three.status == (model.SERVED, 2_699 * WAD)


def test_reverts_breaker_tripped(three: Panel) -> None:
    three.limit(jump=100)
    three.poke()
    three.say(1_000, 1_000, 1_000)
    three.poke()
    three.say(2_700, 2_700, 2_700)
    assert three.status == (model.TRIPPED, 2_700 * WAD)
    with boa.reverts("oracle: breaker tripped"):
        three.desk.oracle.price(SPX)
    assert not three.desk.oracle.quote(SPX, 0).fresh
    # By itself after a quarter of an hour.
    with boa.env.anchor():
        boa.env.time_travel(seconds=model.HALT - 1)
        assert three.status[0] == model.TRIPPED
        boa.env.time_travel(seconds=1)
        assert three.status[0] == model.SERVED
    # Or at once by whoever pokes.
    assert three.desk.oracle.poke(SPX, sender=three.desk.intruder) == model.SERVED
    assert three.status[0] == model.SERVED


def test_no_liquidation_right_after_a_recovery(three: Panel) -> None:
    """P-22: `settled_since` says since when prices are served without interruption."""
    oracle = three.desk.oracle
    three.poke()
    assert oracle.settled_since(SPX) == 0
    three.say(1_000, 2_700, 5_000)
    three.poke()
    assert oracle.settled_since(SPX) == UNSETTLED
    boa.env.time_travel(seconds=2 * model.HALT)
    three.say(2_700, 2_700, 2_700)
    # Served again, and nobody has said so yet.
    assert three.status[0] == model.SERVED and oracle.settled_since(SPX) == UNSETTLED
    three.poke()
    assert oracle.settled_since(SPX) == _now()
    boa.env.time_travel(seconds=300)
    three.say(2_700, 2_700, 2_700)
    three.poke()
    assert oracle.settled_since(SPX) == _now() - 300


def test_silence_longer_than_the_age_of_answers_is_an_interruption(three: Panel) -> None:
    three.poke()
    boa.env.time_travel(seconds=MAX_AGE)
    assert three.desk.oracle.settled_since(SPX) == 0
    boa.env.time_travel(seconds=1)
    assert three.desk.oracle.settled_since(SPX) == UNSETTLED
    three.say(2_700, 2_700, 2_700)
    three.poke()
    assert three.desk.oracle.settled_since(SPX) == _now()


# -- holding --


def test_stored_aggregate_is_held(three: Panel) -> None:
    three.limit(hold=12)
    three.poke()
    boa.env.time_travel(seconds=11)
    three.say(2_710, 2_710, 2_710)
    assert three.desk.oracle.price(SPX) == (2_700 * WAD, WAD, _now() - 11)
    three.desk.volatility.push(30 * 10**6, sender=three.desk.reporter)
    quote = three.desk.oracle.quote(SPX, 0)
    assert (quote.spot, quote.volatility, quote.fresh) == (2_700 * WAD, WAD // 5, True)
    boa.env.time_travel(seconds=1)
    assert three.desk.oracle.price(SPX)[0] == 2_710 * WAD
    assert three.desk.oracle.quote(SPX, 0).volatility == 3 * WAD // 10


def test_choosing_between_two_fresh_prices_is_worth_less_than_the_fee() -> None:
    """A trader picks the held or the live price: an option on the move within the hold, worth
    0.4 sigma sqrt(t), at 12 s and 100 % volatility below the taker's fee of 3 bp."""
    from novate.parameters import Fees

    value = 0.3989 * 1.0 * (12 / 31_536_000) ** 0.5
    assert value * WAD < Fees().taker_rate


def test_held_volatility_keeps_its_age(three: Panel) -> None:
    three.limit(hold=12)
    boa.env.time_travel(seconds=MAX_AGE - 5)
    three.say(2_700, 2_700, 2_700)
    three.poke()
    assert three.desk.oracle.quote(SPX, 0).fresh
    boa.env.time_travel(seconds=6)
    quote = three.desk.oracle.quote(SPX, 0)
    assert (quote.fresh, quote.confidence) == (False, WAD * MAX_AGE // (MAX_AGE + 1))


# -- against the model --


@pytest.mark.parametrize("seed", range(4))
def test_what_is_served_is_what_the_model_says(nine: Panel, seed: int) -> None:
    rng = random.Random(seed)
    count = rng.choice([3, 4, 9])
    made = panel(nine.desk, count, count // 2 + 1)
    jump = rng.choice([0, 30])
    made.limit(spread=rng.choice([50, 500]), jump=jump)
    limits = model.Limits(count // 2 + 1, made.desk.lens.rules_of(SPX).spread, jump)
    made.poke()
    memory = model.Memory(2_700 * WAD, WAD, _now(), _now())
    price = 2_700.0
    reached = set()
    for _ in range(40):
        boa.env.time_travel(seconds=rng.choice([0, 12, 60, 300, 1_000, 3_599]))
        price *= rng.choice([1, 1, 1.001, 0.998, 1.04, 0.7 if rng.random() < 0.2 else 1])
        answers = []
        for source in made.sources:
            answer = int(price * rng.choice([1, 1, 1, 1.0003, 0.999, 1.3]) * 10**8)
            time = _now() - rng.choice([0, 0, 0, 5, 3_600, 3_601])
            if rng.random() < 0.1:
                source.say(rng.choice([0, -5, 2**255 - 1]), time)
                continue
            source.say(answer, time)
            answers.append((answer * 10**10, time, MAX_AGE))
        expected = model.serve(answers, limits, memory, _now())
        got = made.desk.oracle.status(SPX)
        assert (got[0], got[1], got[3]) == (expected.fault, expected.price, expected.time)
        # What is stored keeps a millionth of confidence.
        assert abs(got[2] - expected.confidence) < 10**12
        reached.add(expected.fault)
        if rng.random() < 0.6:
            fresh = [(price, time) for price, time, age in answers if _now() - time <= age]
            live = model.aggregate(fresh, limits)
            fault = made.poke()
            if fault == model.SERVED:
                memory = model.Memory(live.price, live.confidence, live.time, _now())
            elif memory.tripped is None:
                memory = model.Memory(
                    memory.price, memory.confidence, memory.time, memory.written, _now()
                )
    assert len(reached) >= 3
