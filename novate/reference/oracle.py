"""What prices and fixings must be: the rule of the oracle in plain integers.

Written from the rule, not from the contract: a step function of time made from the rounds that
count, integrated over the window as a whole, where the contract walks round by round and over
several calls. Prices in wad, times in seconds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

WAD = 10**18
HOUR = 3_600
# [s] the average runs over this long before expiry.
WINDOW = 1_800
# [s] after expiry: a history with a gap is accepted; history is no longer asked.
FALLBACK_DELAY, CLOSING_DELAY = 86_400, 259_200
# [wad] what counts lies strictly between: as a spot price, and as an annualised volatility.
SPOT_BOUNDS = (0, 10**30)
VOLATILITY_BOUNDS = (10**16, 5 * 10**18)


@dataclass(frozen=True)
class Round:
    """One round of a source. `answer` in units of 10**-decimals; `known` False: it reverts."""

    answer: int
    updated: int
    answered: int
    known: bool = True


@dataclass(frozen=True)
class Figure:
    """A price or a volatility [wad] as served."""

    value: int
    confidence: int
    fresh: bool


def figure(
    latest: Round | None,
    number: int,
    *,
    now: int,
    max_age: int,
    scale: int,
    bounds: tuple[int, int],
    stored: tuple[int, int],
) -> Figure:
    """What a quote says of one source.

    latest: the source's latest round, None when it cannot be read or its decimals changed.
    number: id of that round.
    scale: wad per unit of the answer.
    stored: (value, time) of the last observation.
    """
    live = (
        latest is not None
        and 0 < latest.updated <= now
        and latest.answered >= number
        and bounds[0] < latest.answer * scale < bounds[1]
    )
    fresh = live and latest is not None and now - latest.updated <= max_age
    # A stale answer still tells more than an older observation.
    newer = live and latest is not None and latest.updated > stored[1]
    value, time = (latest.answer * scale, latest.updated) if latest and (fresh or newer) else stored
    age = now - time
    if age <= max_age:
        return Figure(value, WAD, fresh)
    return Figure(value, WAD * max_age // age, False)


def valid_rounds(rounds: Sequence[Round], first: int, scale: int) -> list[tuple[int, int, int]]:
    """(id, price [wad], time) of the rounds that count, ids from `first` on."""
    accepted: list[tuple[int, int, int]] = []
    for number, entry in enumerate(rounds, first):
        price = entry.answer * scale
        counts = (
            entry.known
            and entry.updated > 0
            and entry.answered >= number
            and SPOT_BOUNDS[0] < price < SPOT_BOUNDS[1]
        )
        if counts and (not accepted or entry.updated >= accepted[-1][2]):
            accepted.append((number, price, entry.updated))
    return accepted


def average(rounds: Sequence[Round], expiry: int, *, first: int = 1, scale: int = 10**10) -> int:
    """The time-weighted average [wad] over the window before expiry; 0 without a valid round."""
    start = expiry - WINDOW
    valid = [(price, time) for _, price, time in valid_rounds(rounds, first, scale)]
    area = covered = 0
    for (price, time), (_, end) in pairwise([*valid, (0, expiry)]):
        seconds = max(0, min(end, expiry) - max(time, start))
        area += price * seconds
        covered += seconds
    return area // covered if covered else 0


def has_gap(
    rounds: Sequence[Round], expiry: int, max_age: int, *, first: int = 1, scale: int = 10**10
) -> bool:
    """Whether no round at most `max_age` older than the window was in force at its start."""
    start = expiry - WINDOW
    times = [time for _, _, time in valid_rounds(rounds, first, scale) if time <= start]
    return not times or times[-1] + max_age < start


def closing(closes: Mapping[int, int], expiry: int) -> int:
    """The price recorded last in the day up to expiry, 0 for none.

    closes: hour since the epoch -> price [wad] recorded last in the hour up to it.
    """
    for hour in range(expiry // HOUR, expiry // HOUR - 24, -1):
        if hour in closes:
            return closes[hour]
    return 0


def fixing(
    rounds: Sequence[Round] | None,
    expiry: int,
    now: int,
    *,
    max_age: int,
    closes: Mapping[int, int],
    live: int,
    last: int,
    first: int = 1,
    scale: int = 10**10,
) -> int:
    """The price [wad] that fixing at `now` >= expiry leads to; 0 when it is refused.

    rounds: history of the source that served at expiry, None when it is dead.
    live: the median of the sources' answers now, however old, 0 for none.
    last: the last aggregate that was stored.
    """
    age = now - expiry
    if age >= CLOSING_DELAY:
        return closing(closes, expiry) or live or last
    price = average(rounds, expiry, first=first, scale=scale) if rounds is not None else 0
    if age >= FALLBACK_DELAY:
        return price or closing(closes, expiry)
    if rounds is None or has_gap(rounds, expiry, max_age, first=first, scale=scale):
        return 0
    return price


# -- several sources --

# What keeps an aggregate from being served.
SERVED, NOT_LISTED, BELOW_QUORUM, STALE, DISAGREEMENT, JUMP, TRIPPED, CLOSED = range(8)
# [s] the breaker stays tripped; [minutes] jumps add up while it is not.
HALT, MAX_MINUTES = 900, 30
BP = 10_000


@dataclass(frozen=True)
class Limits:
    """quorum; spread [bp of the median]; jump [bp per minute, 0 any]; age of the oldest [s]."""

    quorum: int
    spread: int = 500
    jump: int = 0
    max_age: int = 3_600


@dataclass(frozen=True)
class Served:
    """What the oracle says: fault SERVED, or why not, with the last known price [wad]."""

    fault: int
    price: int
    confidence: int
    time: int


@dataclass(frozen=True)
class Memory:
    """What a poke left: price [wad], confidence, time of the data, when, and of the trip if any."""

    price: int
    confidence: int
    time: int
    written: int
    tripped: int | None = None


def aggregate(answers: Sequence[tuple[int, int]], limits: Limits) -> Served:
    """The median of answers (price, time), if a quorum of them agrees with it."""
    if len(answers) < limits.quorum:
        return Served(BELOW_QUORUM, 0, 0, 0)
    prices = sorted(price for price, _ in answers)
    half = len(prices) // 2
    median = prices[half] if len(prices) % 2 else (prices[half - 1] + prices[half]) // 2
    limit = median * limits.spread // BP
    distances = [abs(price - median) for price in prices]
    near = [distance for distance in distances if distance <= limit]
    time = min(time for _, time in answers)
    if len(near) < limits.quorum:
        return Served(DISAGREEMENT, 0, 0, time)
    doubt = WAD * max(near) // (2 * limit) if limit else 0
    return Served(SERVED, median, (WAD - doubt) * len(near) // len(prices), time)


def allowance(limits: Limits, memory: Memory, now: int) -> int:
    """How far [wad] the aggregate may be from the one remembered."""
    trip = now if memory.tripped is None else memory.tripped
    minutes = min((trip - memory.written) // 60, MAX_MINUTES) + (now - trip) // 60 + 1
    return memory.price * limits.jump * minutes // BP


def serve(
    answers: Sequence[tuple[int, int, int]], limits: Limits, memory: Memory, now: int
) -> Served:
    """What is served at `now`, from valid answers (price, time, max_age) of an open market."""

    def jumps(price: int) -> bool:
        return limits.jump != 0 and abs(price - memory.price) > allowance(limits, memory, now)

    def aged(confidence: int, time: int) -> int:
        age = now - time
        return confidence if age <= limits.max_age else confidence * limits.max_age // age

    fresh = [(price, time) for price, time, age in answers if now - time <= age]
    live = aggregate(fresh, limits)
    if live.fault == SERVED and not jumps(live.price):
        tripped = memory.tripped is not None and now < memory.tripped + HALT
        return Served(TRIPPED if tripped else SERVED, live.price, live.confidence, live.time)
    fault = JUMP if live.fault == SERVED else live.fault
    if fault != BELOW_QUORUM:
        return Served(fault, memory.price, 0, memory.time)
    old = aggregate([(price, time) for price, time, _ in answers], limits)
    if old.fault == SERVED:
        fault = STALE
        if old.time > memory.time and not jumps(old.price):
            return Served(STALE, old.price, aged(old.confidence, old.time), old.time)
    return Served(fault, memory.price, aged(memory.confidence, memory.time), memory.time)


def twap(observations: Sequence[tuple[int, int]], start: int, end: int) -> int:
    """The average [wad] over [start, end] of (time, price), each in force until the next."""
    area = 0
    for (time, price), (until, _) in pairwise([*observations, (end, 0)]):
        area += price * max(0, min(until, end) - max(time, start))
    return area // (end - start)


def median_fixing(averages: Sequence[int]) -> int:
    """The fixing [wad] from the averages of the sources' histories."""
    ordered = sorted(averages)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) // 2


def knock_state(
    observations: Sequence[tuple[int, int]], start: int, expiry: int, barrier: int, up: bool
) -> int:
    """1 if an observation (time, price [wad]) from start to expiry touches the barrier, else 2."""
    for time, price in observations:
        if start <= time <= expiry and (price >= barrier if up else price <= barrier):
            return 1
    return 2
