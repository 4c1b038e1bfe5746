"""Gas of prices, averages, fixings and barriers as fresh transactions, on our own push feeds.

`oracle.readN` is one price from N live sources; `oracle.quote` and `oracle.term` are what a margin
check asks, with the aggregate held; `oracle.quote_live` and `oracle.quote_live3` the same with
nothing held, from one source and from three. Execution only, everything cold.
"""

import boa

from novate.deploy import compiled
from novate.gas import transaction_gas

START = 1_767_225_600
SPX, HOUR, MAX_AGE = 1, 3_600, 7_200
SPOT = 2_700 * 10**8
# Kind of an up-and-out call.
UP_AND_OUT = 2 | 4


class _Bench:
    """An oracle with some feeds, and who owns and pushes it all."""

    def __init__(self) -> None:
        boa.env.evm.patch.timestamp = START
        self.me = str(boa.env.eoa)
        self.figures: dict[str, int] = {}
        self.volatility = compiled("oracle/PriceFeed.vy").deploy("volatility", 8, self.me)
        self.volatility.push(20 * 10**6)
        self.feeds = [compiled("oracle/PriceFeed.vy").deploy("spot", 8, self.me) for _ in range(9)]
        self.oracle = compiled("oracle/PriceOracle.vy").deploy(self.me)
        self.token = compiled("tokens/TestToken.vy").deploy("Test Dollar", "TUSD", 6)
        self.watch = compiled("oracle/BarrierWatch.vy").deploy(
            self.oracle.address, self.token.address
        )
        self.oracle.link(self.me, self.watch.address)
        self.push()
        self.oracle.list_underlying(SPX, self.feeds[0].address, self.volatility.address, MAX_AGE)

    def push(self, answer: int = SPOT) -> None:
        for number, feed in enumerate(self.feeds):
            feed.push(answer + number * 10**6)
        self.volatility.push(20 * 10**6)

    def use(self, count: int) -> None:
        feeds = [(feed.address, MAX_AGE, 0, 10**30) for feed in self.feeds[:count]]
        self.oracle.set_sources(SPX, feeds, count // 2 + 1)

    def record(self, name: str, function: object, *arguments: object) -> None:
        with boa.env.anchor():
            self.figures[name] = transaction_gas(function, *arguments).execution

    def prices(self) -> None:
        expiry = START + 168 * HOUR
        self.record("oracle.quote_live", self.oracle.quote, SPX, expiry)
        for count in (3, 9):
            with boa.env.anchor():
                self.use(count)
                boa.env.time_travel(seconds=60)
                self.record(f"oracle.read{count}", self.oracle.price, SPX)
                if count == 3:
                    self.record("oracle.quote_live3", self.oracle.quote, SPX, expiry)
                    self.oracle.poke(SPX)
                    boa.env.time_travel(seconds=300)
                    # The hour has begun, the bucket of the ring is new.
                    self.record("oracle.poke", self.oracle.poke, SPX)
                    self.oracle.set_limits(SPX, 12, 500, 100)
                    self.oracle.poke(SPX)
                    self.record("oracle.quote", self.oracle.quote, SPX, expiry)
                    self.record("oracle.term", self.oracle.term, SPX, expiry, 2_700 * 10**18)

    def averages(self) -> None:
        expiry = START + 12 * HOUR
        for count in (10, 1_000):
            with boa.env.anchor():
                boa.env.time_travel(seconds=expiry - 2_100 - START)
                # 35 minutes, so that the whole window is recorded.
                for step in range(count):
                    boa.env.time_travel(seconds=2_100 * (step + 1) // count - 2_100 * step // count)
                    if step * 10 % count == 0:
                        self.push()
                    self.oracle.poke(SPX)
                self.record(f"oracle.twap{count}", self.oracle.twap, SPX, expiry - 1_800, expiry)
                if count == 10:
                    self.record("oracle.fixing", self.oracle.fix, SPX, expiry, [])

    def histories(self) -> None:
        """A fixing that nobody poked for: one source with two rounds in the window."""
        expiry = START + 12 * HOUR
        with boa.env.anchor():
            for before in (1_900, 900):
                boa.env.evm.patch.timestamp = expiry - before
                self.push()
            boa.env.evm.patch.timestamp = expiry
            self.record("oracle.fixing_history", self.oracle.fix, SPX, expiry, [2])

    def barriers(self) -> None:
        expiry = START + 12 * HOUR
        code = SPX << 144 | expiry // HOUR << 120 | SPOT << 64 | UP_AND_OUT << 56 | 2_800 * 10**8
        with boa.env.anchor():
            self.record("oracle.watch", self.watch.watch, code)
            self.watch.watch(code)
            self.push(2_900 * 10**8)
            self.oracle.poke(SPX)
            self.record("oracle.touch", self.watch.touch, code, START // HOUR)
            self.record("oracle.knocked", self.oracle.knocked, code)


def measure() -> dict[str, int]:
    """Figures by name."""
    with boa.swap_env(boa.Env()):
        bench = _Bench()
        for part in (bench.prices, bench.averages, bench.histories, bench.barriers):
            part()
        return dict(sorted(bench.figures.items()))


if __name__ == "__main__":
    for name, gas in measure().items():
        print(f"{name:<24}{gas:>9,}")
