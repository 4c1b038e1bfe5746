"""The portfolio engine beside an oracle that says what the test writes, and its specification."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from novate.deploy import compiled
from novate.engine.cache import load
from novate.reference.margin import Holding, Position, Quote, Smile
from novate.reference.portfolio import DOWN, FLAT, GRID_23, TEST, UP, Account, Rules, assess
from novate.series import HOUR, WAD, pack
from tests.margin_world import Quoted, wad

NOBODY = "0x" + "00" * 20
FIGURES = (
    "volatility_up",
    "volatility_down",
    "power_short",
    "power_long",
    "basis_add",
    "basis_multiplier",
    "static_discount",
    "rate_multiplier",
    "rate_add",
    "collateral_static",
    "naked_static",
    "initial_factor",
    "peg_threshold",
    "peg_charge",
    "confidence_threshold",
    "confidence_charge",
)
TWENTY_THREE = replace(TEST, scenarios=GRID_23)


def figures(rules: Rules, stablecoin: int = 0) -> tuple[Any, ...]:
    """The contract's Parameters."""
    return (*(wad(getattr(rules, name)) for name in FIGURES), stablecoin, rules.peer_counting)


def levels(rules: Rules) -> list[tuple[int, bool, bool, bool]]:
    """The contract's nine levels; missing outermost ones repeat their neighbours."""
    spots = sorted({s.spot for s in rules.scenarios})
    if len(spots) == 7:
        spots = [spots[0], *spots, spots[-1]]
    counted = {(s.spot, s.volatility) for s in rules.scenarios}
    found = []
    for i, spot in enumerate(spots):
        repeats = i in (0, 8) and spots.count(spot) > 1
        up, flat, down = ((spot, v) in counted and not repeats for v in (UP, FLAT, DOWN))
        found.append((wad(spot), up, flat, down))
    return found


def deploy_engine(oracle: Any, owner: str) -> Any:
    """The engine with the functions of its settings."""
    settings = compiled("margin/PortfolioSettings.vy").deploy()
    return compiled("margin/PortfolioMargin.vy").deploy(oracle, settings.address, owner)


class PortfolioWorld(Quoted):
    """The portfolio engine."""

    def __init__(self) -> None:
        super().__init__()
        self.engine: Any = deploy_engine(self.oracle.address, self.owner)
        self.settings: Any = compiled("margin/PortfolioSettings.vy").at(self.engine.address)
        self.smiles: Any = compiled_harness("SviHarness.vy")
        self.rules: dict[int, Rules] = {}

    def set_rules(
        self, underlying: int = 1, rules: Rules = TWENTY_THREE, stablecoin: int = 0
    ) -> None:
        self.settings.set_market(
            underlying, figures(rules, stablecoin), levels(rules), sender=self.owner
        )
        self.rules[underlying] = rules

    def set_quote(self, underlying: int, expiry: int, quote: Quote) -> None:
        super().set_quote(underlying, expiry, quote)
        if quote.smile is not None:
            s = quote.smile
            word = self.smiles.pack(*(wad(x) for x in (s.a, s.b, s.rho, s.m, s.sigma)))
            self.oracle.set_smile(underlying, expiry, word, quote.tenor)
        self.oracle.set_term(underlying, expiry, wad(quote.fixed), wad(quote.discount))

    def assess(
        self, held: Sequence[Position], cash: float = 0, holdings: Sequence[int] = ()
    ) -> Any:
        """The engine's Health [wad], with the two entry points held together."""
        words = [pack(p.series.code, wad(p.quantity)) for p in held]
        health = self.engine.assess(wad(cash), list(holdings), words)
        both = self.engine.excess(wad(cash), list(holdings), words)
        assert both == (health.initial, health.fresh)
        return health

    def expected(
        self,
        held: Sequence[Position],
        cash: float = 0,
        holdings: Sequence[Holding] = (),
        stable: float = 1.0,
    ) -> Account:
        return assess(cash, holdings, held, self.view, self.rules, stable=stable)


def compiled_harness(name: str) -> Any:
    return load(f"tests/harness/{name}").deploy()


def smile(volatility: float, days: float) -> tuple[Smile, int]:
    """A skewed smile around a volatility, and its tenor [s]."""
    variance = volatility**2 * days / 365
    root = variance**0.5
    return Smile(0.7 * variance, 0.4 * root, -0.3, 0.02, 0.75 * root), round(days * 86_400)


__all__ = ["HOUR", "TWENTY_THREE", "WAD", "PortfolioWorld", "deploy_engine", "levels", "smile"]
