"""Who plays: the agents of a run, with their money.

Sizes are in contracts of one index unit, so that 1,000 puts on an index at 2,750 insure shares
worth 2.75 million USD. They scale with the level of the index, so that a share at 100 USD plays
the same story.
"""

from __future__ import annotations

from ..agents.base import Agent
from ..agents.keepers import Bidder, Keeper
from ..agents.maker import MarketMaker
from ..agents.traders import CoveredWriter, Hedger, PutSeller

# The level of the index at which the sizes below are contracts.
LEVEL = 2_750.0


# The volatility fund sells from so many times the first implied volatility on.
DEAR = 1.8


def cast(spot: float, volatility: float, *, whale: bool = False) -> list[Agent]:
    """The players for an index that starts at `spot` [USD] and this implied volatility.

    whale: with a fund that waits for dear premiums and then sells more far puts than all bidders
    together can carry, so that it stays unsold while the market falls on; and with one more bidder,
    late, who takes what nobody else takes.
    """
    # Money stays, contracts follow the level: the same notional at any level.
    lot = LEVEL / spot
    players: list[Agent] = [
        MarketMaker("market maker", cash=6_000_000),
        Hedger("hedger", cash=150_000, reserve=2_000_000, contracts=1_200 * lot, days=12),
        Hedger(
            "pension fund",
            cash=150_000,
            reserve=2_000_000,
            contracts=800 * lot,
            moneyness=0.92,
            days=25,
        ),
        CoveredWriter("covered writer", cash=20_000, reserve=300_000, index=600 * lot),
        CoveredWriter(
            "income vault", cash=20_000, reserve=300_000, index=400 * lot, moneyness=1.03, days=18
        ),
        # Everything it has on puts 5 % away: a fall of 4 % in a day takes more than it kept.
        PutSeller("reckless seller", cash=400_000, use=0.98, moneyness=0.945, days=25, pieces=1),
        PutSeller("eager seller", cash=600_000, use=0.8, moneyness=0.96, days=18),
        PutSeller(
            "careful seller", cash=900_000, reserve=600_000, use=0.35, moneyness=0.94, days=18
        ),
        Bidder("quick bidder", cash=50_000, discount=0.07),
        Bidder("patient bidder", cash=120_000, discount=0.12),
        Bidder("vulture", cash=1_500_000, discount=0.2),
        Keeper("keeper"),
    ]
    if whale:
        players += [
            PutSeller(
                "volatility fund",
                cash=3_000_000,
                use=0.98,
                moneyness=0.9,
                days=25,
                pieces=1,
                dear=DEAR * volatility,
            ),
            # Half of the margin that it must bring, or half of the mark, is what it comes for.
            Bidder("late bidder", cash=3_000_000, discount=0.5),
        ]
    return players
