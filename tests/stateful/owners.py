"""What an owner or the guardian may decide: plausible parameters, never a hostile unit."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import astuple, fields
from typing import Any

from eth_utils.crypto import keccak

from novate.liquidity import PoolConduct, PoolRules, Quotes
from novate.parameters import MOVES, Auction, Margin, Parameters, Portfolio, Scan, Speeds

WAD, HOUR, DAY = 10**18, 3_600, 86_400
WATCH_OUTFLOW = "0x" + keccak(b"watch_outflow()")[:4].hex()
Change = Callable[[random.Random], tuple[str, tuple[Any, ...]]]


def varied(group: Any, rng: random.Random) -> tuple[Any, ...]:
    """Parameters with one of their figures changed a little, in whole basis points of a wad."""
    values = list(astuple(group))
    i = rng.randrange(len(fields(group)))
    if type(values[i]) is int and values[i] > 100:
        step = 10**14 if values[i] > 10**15 else 1
        values[i] = round(values[i] * rng.choice([0.8, 0.95, 1.05, 1.3])) // step * step
    return tuple(values)


def _collateral(unit: str) -> Change:
    def made(rng: random.Random) -> tuple[str, tuple[Any, ...]]:
        asset = rng.randint(1, 6)
        vault = "@yield_token" if asset == 2 else "@nobody"
        share = rng.choice([7, 8, 9]) * WAD // 10
        return f"{unit}.set_collateral", (asset, 1, share, 9 * WAD // 10, vault)

    return made


CHANGES: tuple[Change, ...] = (
    lambda r: ("clearinghouse.list_asset", (r.randint(1, 6), "@index_token", 10**25)),
    lambda r: ("clearinghouse.list_asset", (1, "@index_token", r.choice([10**25, 10**24]))),
    lambda r: ("clearinghouse.register_engine", (0, "@margin")),
    lambda r: ("clearinghouse.register_engine", (1, "@portfolio_margin")),
    lambda r: ("clearinghouse.set_venue", ("@orders", r.random() < 0.9)),
    lambda r: ("clearinghouse.set_venue", ("@orders", True)),
    lambda r: ("clearinghouse.set_auction_house", (r.choice(["@auctions", "@other_house"]),)),
    lambda r: ("clearinghouse.set_exposure_limits", ("@exposure",)),
    lambda r: ("clearinghouse.mark_limited", (r.choice(["#maker", "#writer"]), r.random() < 0.6)),
    lambda r: ("clearinghouse.set_security_fund", ("@security_fund",)),
    lambda r: (
        "clearinghouse.set_curve",
        (r.choice(["@curve", "@other_curve"]), r.choice([0, WAD // 5, WAD // 2])),
    ),
    lambda r: ("listing.halt", (r.choice([0, 1]), r.choice([60, HOUR]))),
    lambda r: ("listing.lift", (r.choice([0, 1]),)),
    lambda r: (
        "listing.set_breakers",
        ((r.choice([500, 50_000]) * WAD, WAD // r.choice([2, 5, 50]), r.choice([1, 3, 9]), HOUR),),
    ),
    lambda r: ("listing.set_reporters", ("@clearinghouse", "@auctions")),
    lambda r: ("listing.set_limits", (1, r.choice([0, WAD // 1_000]), 0, r.choice([0, 500 * WAD]))),
    lambda r: ("listing.list_market", (1, 25 * 10**8, 8, 0, 40, 200, 400)),
    lambda r: ("listing.close_market", (r.choice([1, 2, 2, 2]),)),
    lambda r: ("listing.set_calendar", (1, r.choice(["@nobody", "@nobody", "@calendar"]))),
    lambda r: ("listing.set_watch", ("@watch",)),
    lambda r: ("listing.set_guardian", ("@guardian",)),
    lambda r: ("listing.set_watchdog", ("@watchdog",)),
    lambda r: ("exposure.set_limits", (1, 1, (r.randint(1, 50) * WAD, r.randint(1, 900) * WAD))),
    lambda r: ("exposure.set_tier", (r.choice(["#maker", "#writer"]), r.choice([0, 1]))),
    lambda r: ("forecast.set_weights", ((WAD // 4, WAD // 4, WAD // 4, WAD // 4),)),
    lambda r: ("forecast.set_weights", ((4_000, 3_000, 2_000, 1_000),)),
    lambda r: ("forecast.start", (2, WAD // 5)),
    lambda r: ("margin.set_market", (1, varied(Margin(), r))),
    lambda r: ("margin.set_limit", (r.randint(1, 6), r.choice([0, 1_000, 10**6]))),
    _collateral("margin"),
    _collateral("portfolio_margin"),
    lambda r: ("portfolio_margin.set_market", (1, varied(Portfolio(), r), MOVES)),
    lambda r: ("portfolio_margin.set_scan_range", (1, r.choice(["@scan_range", "@nobody"]))),
    lambda r: ("scan_range.set_bounds", (1, "@forecast", varied(Scan(), r))),
    lambda r: ("orders.set_fees", (r.choice([0, WAD // 10_000]), r.choice([0, 3 * WAD // 10_000]))),
    lambda r: ("orders.set_tape", (r.choice(["@traded", "@nobody"]),)),
    lambda r: ("auctions.set_rules", (varied(Auction(), r),)),
    lambda r: ("auctions.choose_rules", (1, 0)),
    lambda r: ("auctions.set_grace", ("@oracle", r.choice([0, 300, 600]))),
    lambda r: ("oracle.list_underlying", (2, "@spot_feed", "@volatility_feed", DAY)),
    lambda r: (
        "oracle.set_sources",
        (1, tuple((f"@{x}", 4 * DAY, 0, 10**30) for x in ("spot_feed", "second_feed", "liar")), 2),
    ),
    lambda r: ("oracle.set_volatility_source", (1, "@volatility_feed", 4 * DAY)),
    lambda r: ("oracle.set_limits", (1, r.choice([0, 12]), 500, r.choice([500, 5_000]))),
    lambda r: ("oracle.set_surface", (1, r.choice(["@surface", "@nobody"]))),
    lambda r: (
        "oracle.set_calendar",
        (1, r.choice(["@nobody", "@nobody", "@calendar"]), 25, r.random() < 0.5),
    ),
    lambda r: ("oracle.link", ("@court", "@watch")),
    lambda r: ("bonds.list_feed", ("@signed_feed", varied(Parameters().reporters.pay, r))),
    lambda r: (
        "signed_feed.set_committee",
        (tuple(f"@reporter {i + 1}" for i in range(5)), 3),
    ),
    lambda r: ("signed_feed.set_bonds", (r.choice(["@bonds", "@nobody"]),)),
    lambda r: ("surface.set_committee", (tuple(f"@reporter {i + 1}" for i in range(5)), 3)),
    lambda r: ("surface.set_fitter", ("@market maker", True)),
    lambda r: ("surface.set_limits", (1, varied(Speeds(), r))),
    lambda r: ("surface_fees.set_fee", (r.choice([0, 10**6]),)),
    lambda r: ("traded.set_venue", ("@orders", True)),
    lambda r: ("calendar.assign", (1, r.choice([0, 1]))),
    lambda r: (
        "calendar.set_policy",
        (1, (r.random() < 0.5, r.random() < 0.5, r.choice([0, 900]), WAD // 2)),
    ),
    lambda r: ("calendar.set_week", (2, 0, 0)),
    lambda r: ("calendar.set_days", (2, 20_480, 0)),
    lambda r: ("calendar.set_special_day", (1, 20_500, 870, 1_080)),
    lambda r: (
        "pool_0.set_rules",
        (varied(PoolRules(), r), astuple(PoolConduct(entry=1, exit=60))),
    ),
    lambda r: ("quote_rewards.set_rules", (astuple(Quotes()),)),
    lambda r: ("vault_0.set_fee", (r.choice([0, 1_000]),)),
    lambda r: ("watchdog.set_bounty", (r.randint(0, 2_000) * 10**6,)),
    lambda r: ("watchdog.arm", ()),
    lambda r: ("watchdog.retire", ("@watchdog",)),
    # Obeyed only where the timelock asks.
    lambda r: ("governor.setVotingDelay", (r.choice([HOUR, 2 * HOUR]),)),
    lambda r: ("governor.setVotingPeriod", (r.choice([DAY, 2 * DAY]),)),
    lambda r: ("governor.setProposalThreshold", (10**23,)),
    lambda r: ("governor.updateQuorumNumerator", (r.choice([4, 5]),)),
    lambda r: ("timelock.update_delay", (r.choice([2 * DAY, 3 * DAY]),)),
    lambda r: ("timelock.grantRole", ("0x" + 32 * "11", "@keeper")),
    lambda r: ("timelock.revokeRole", ("0x" + 32 * "11", "@keeper")),
)

# Who owns them already gets them again: `@me` is the owner or the timelock.
OWNED = (
    *("oracle", "margin", "listing", "clearinghouse", "court", "exposure", "forecast"),
    *("scan_range", "portfolio_margin", "orders", "auctions", "signed_feed", "bonds", "surface"),
    *("surface_fees", "traded", "calendar", "watchdog", "pool_0"),
)


def kept(rng: random.Random) -> tuple[str, tuple[Any, ...]]:
    return f"{rng.choice(OWNED)}.transfer_ownership", ("@me",)


GUARDED: tuple[Change, ...] = (
    lambda r: ("listing.halt", (r.choice([0, 1]), r.choice([60, HOUR, DAY]))),
    lambda r: ("guardian.set_owners", (tuple(f"@guard {i}" for i in range(5)), 3)),
    lambda r: ("guardian.batch", ((("@listing", WATCH_OUTFLOW),),)),
)
