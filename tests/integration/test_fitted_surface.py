"""Smiles fitted to real option chains are accepted by the volatility surface, and read back."""

from dataclasses import replace

import numpy as np
import pytest

from novate.engine.cache import load
from novate.errors import DataError, ParameterError
from novate.oracle import chains
from novate.oracle.chains import load_chain
from novate.oracle.fit import Slice, fit_slice, fit_surface
from novate.reference.surface import Svi, has_butterfly
from tests.oracle_world import now
from tests.unit.oracle.VolatilitySurface.conftest import WAD, YEAR, SurfaceWorld

SVI = load("tests/harness/SviHarness.vy").deploy()
UNDERLYING = 1
# Largest error in volatility, root of mean square, of what is known to be a decent fit.
FITS = {"BTC": 0.004, "SPY": 0.0035}


@pytest.fixture(scope="module")
def world() -> SurfaceWorld:
    return SurfaceWorld()


@pytest.mark.parametrize("name", FITS)
def test_a_real_chain_becomes_a_surface(world: SurfaceWorld, name: str) -> None:
    fits = fit_surface(load_chain(name))
    spot = fits[0].slice.forward
    for fit in fits:
        assert np.sqrt(np.mean(fit.errors**2)) < FITS[name], fit.slice.name
        assert not has_butterfly(Svi(*fit.parameters))
    # Signed by reporters, from the nearest expiry on.
    reports = [fit.report(UNDERLYING, now(), spot) for fit in fits]
    for report in reports:
        world.submit(report)
    assert world.surface.expiries(UNDERLYING) == [report.expiry for report in reports]
    for fit, report in zip(fits, reports, strict=True):
        word, tenor, forward, rate, volatility, _ = world.surface.smile(UNDERLYING, report.expiry)
        assert forward / WAD * spot == pytest.approx(fit.slice.forward, rel=1e-12)
        expected = -np.log(fit.slice.discount) / fit.slice.tenor
        assert rate / WAD == pytest.approx(expected, abs=1e-12)
        assert volatility / WAD == pytest.approx(float(fit.volatility(np.zeros(1))[0]), rel=1e-7)
        for k, level in zip(fit.slice.k, fit.volatility(fit.slice.k), strict=True):
            variance = SVI.variance(word, round(k * 2**64)) / 2**64
            assert (variance * YEAR / tenor) ** 0.5 == pytest.approx(level, rel=1e-7)


def test_the_chain_is_the_one_that_was_quoted() -> None:
    first = load_chain("BTC")[0]
    assert (first.name, first.forward, len(first.strikes)) == ("2w", 67106.44399999999, 12)
    assert first.strikes[0] == 52_000 and (first.bids[0], first.asks[0]) == (0.9231, 0.9399)


def test_a_chain_with_arbitrage_is_fitted_without() -> None:
    # The second month quoted far below the first: the fit stays above it and misses the quotes.
    one, two = load_chain("BTC")[:2]
    cheap = replace(
        two,
        bids=tuple(0.4 * x for x in two.bids),
        asks=tuple(0.4 * x for x in two.asks),
    )
    near, far = fit_surface([cheap, one])
    k = np.linspace(-1, 1, 401)
    assert (far.variance(k) >= near.variance(k) * (1 - 1e-6)).all()
    assert far.inside < 0.5 < near.inside
    # Left alone it would go through them.
    assert fit_slice(cheap).inside > 0.9


def test_smiles_of_a_known_surface_are_found() -> None:
    # Quotes made from a smile give it back, so the fit has no bias.
    truth = Svi(0.01, 0.15, -0.4, 0.05, 0.2)
    forward, tenor = 100.0, 0.25
    strikes = tuple(forward * np.exp(np.linspace(-0.5, 0.5, 21)))
    levels = [(truth.variance(np.log(x / forward)) / tenor) ** 0.5 for x in strikes]
    quotes = Slice("made", tenor, forward, 1.0, strikes, tuple(levels), tuple(levels))
    fit = fit_slice(quotes)
    assert np.abs(fit.errors).max() < 1e-4


def test_too_few_strikes_and_unknown_chains() -> None:
    one = load_chain("BTC")[0]
    with pytest.raises(ParameterError, match="strikes"):
        fit_slice(replace(one, strikes=one.strikes[:4], bids=one.bids[:4], asks=one.asks[:4]))
    with pytest.raises(ParameterError, match="name"):
        load_chain("TULIP")


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chains, "PACKAGE", "no_such_package_of_chains")
    with pytest.raises(DataError, match="not installed"):
        load_chain("BTC")
