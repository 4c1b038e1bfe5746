"""Which smiles are accepted: free of arbitrage, slow enough, signed or from a fitter."""

import boa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from novate.deploy import compiled
from novate.oracle.reports import Domain, SurfaceReport, assemble, report_hash, sign
from novate.reference.surface import Post, Svi, has_butterfly, has_calendar
from tests.oracle_world import keys, now

from .conftest import BTC, DAY, HOUR, LIMITS, SHAPE, WAD, YEAR, SurfaceWorld, as_post, later, smile

NOBODY = "0x" + 40 * "0"


def test_fitter_posts_a_surface(world: SurfaceWorld) -> None:
    days = (1, 7, 30, 90, 365)
    expiries = [now() + DAY * d for d in days]
    world.post(*(world.report(e, 0.5 + 0.01 * i) for i, e in enumerate(expiries)))
    assert world.surface.expiries(BTC) == expiries
    for i, expiry in enumerate(expiries):
        word, tenor, forward, rate, volatility, posted = world.surface.smile(BTC, expiry)
        assert word and tenor == expiry - now() and (forward, rate, posted) == (WAD, 0, now())
        assert volatility == pytest.approx((0.5 + 0.01 * i) * WAD, rel=1e-8)


def test_reporters_sign_a_smile(world: SurfaceWorld) -> None:
    report = world.report(now() + 7 * DAY, 0.8, forward=1.01, rate=-0.02)
    assert world.surface.digest_of(report.as_tuple()) == report_hash(report, world.domain)
    world.submit(report, (1, 2, 4))
    (event,) = [e for e in world.surface.get_logs() if type(e).__name__ == "SmilePosted"]
    word, tenor, forward, rate, volatility, posted = world.surface.smile(BTC, report.expiry)
    assert (event.smile, event.forward, event.rate) == (word, report.forward, report.rate)
    assert (forward, rate, posted) == (report.forward, report.rate, now())
    assert (
        event.volatility == volatility and event.posted == posted and event.expiry - posted == tenor
    )


# -- signatures, as in the feed --


def test_reverts_bad_signature_from_elsewhere(world: SurfaceWorld) -> None:
    report = world.report(now() + DAY)
    for domain in (
        Domain(world.domain.chain_id + 1, world.domain.contract),
        Domain(world.domain.chain_id, world.intruder),
    ):
        signed = assemble({i: sign(report, world.keys[i], domain) for i in range(3)}, 3)
        with boa.reverts("report: bad signature"):
            world.surface.submit(*report.arguments(), *signed)


@pytest.mark.parametrize(
    "field", ["underlying", "expiry", "a", "b", "rho", "m", "sigma", "forward", "rate", "timestamp"]
)
def test_reverts_bad_signature_of_a_changed_figure(world: SurfaceWorld, field: str) -> None:
    report = world.report(now() + DAY, timestamp=now() - 9)
    changed = later(report, **{field: getattr(report, field) + 1})
    with boa.reverts("report: bad signature"):
        world.surface.submit(*changed.arguments(), *world.proof(report))


def test_reverts_not_the_quorum(world: SurfaceWorld) -> None:
    with boa.reverts("report: not the quorum"):
        world.submit(world.report(now() + DAY), (0, 1))


def test_reverts_from_the_future_and_too_old(world: SurfaceWorld) -> None:
    expiry = now() + DAY
    for time, reason in (
        (now() + 1, "report: from the future"),
        (now() - 601, "report: too old"),
    ):
        report = world.report(expiry, timestamp=time)
        with boa.reverts(reason):
            world.submit(report)
        with boa.reverts(reason):
            world.post(report)
    world.submit(world.report(expiry, timestamp=now() - 600))


def test_reverts_not_newer_on_replay(world: SurfaceWorld) -> None:
    report = world.report(now() + DAY)
    world.submit(report)
    for again in (report, world.report(report.expiry, timestamp=now() - 1)):
        with boa.reverts("surface: not newer"):
            world.submit(again)


def test_signer_removed_between_signing_and_submitting(world: SurfaceWorld) -> None:
    report = world.report(now() + DAY)
    left = [NOBODY, *(key.address for key in world.keys[1:])]
    world.surface.set_committee(left, 3, sender=world.owner)
    assert world.surface.committee_now() == (2, 3)
    assert list(world.surface.members(2))[:5] == left
    with boa.reverts("report: bad signature"):
        world.submit(report)
    world.submit(report, (1, 2, 3))


# -- arbitrage --


def test_reverts_butterfly_arbitrage(world: SurfaceWorld) -> None:
    # Gatheral and Jacquier (2014), example 3.1, A. Vogt: variances positive, density not.
    vogt = Svi(-0.041, 0.1331, 0.306, 0.3586, 0.4153)
    assert has_butterfly(vogt)
    with boa.reverts("surface: butterfly arbitrage"):
        world.post(world.report(now() + 365 * DAY, svi=vogt))


def test_reverts_calendar_arbitrage(world: SurfaceWorld) -> None:
    near, middle, far = (now() + d * DAY for d in (7, 14, 28))
    world.post(world.report(near, 0.8), world.report(far, 0.8))
    # Total variance of 7 days at 80 % is that of 14 days at 57 %, and 28 at 80 % of 14 at 113 %.
    for volatility in (0.5, 1.19):
        with boa.reverts("surface: calendar arbitrage"):
            world.post(world.report(middle, volatility))
    world.post(world.report(middle, 0.6))


def test_calendar_arbitrage_is_judged_at_one_moment(world: SurfaceWorld) -> None:
    # The near smile is a week old: its variance for what is left is smaller than when posted.
    near, far = now() + 8 * DAY, now() + 9 * DAY
    world.post(world.report(near, 0.8))
    boa.env.time_travel(seconds=7 * DAY)
    assert smile(0.6, 2 * DAY).variance(0.0) < smile(0.8, 8 * DAY).variance(0.0)
    world.post(world.report(far, 0.6))
    with boa.reverts("surface: calendar arbitrage"):
        world.post(world.report(far + DAY, 0.45))


def test_calendar_arbitrage_is_judged_at_the_time_of_posting(world: SurfaceWorld) -> None:
    # Reported ten minutes ago, for 70 minutes: more variance than the later expiry has for two
    # hours, but less for the hour that is left.
    near, far = now() + HOUR, now() + 2 * HOUR
    world.post(world.report(far, 0.3))
    report = world.report(near, 0.41, timestamp=now() - 600)
    assert as_post(report).svi.variance(0.0) > smile(0.3, 2 * HOUR).variance(0.0)
    world.post(report)


def test_expired_neighbours_do_not_count(world: SurfaceWorld) -> None:
    near, far = now() + DAY, now() + 3 * DAY
    world.post(world.report(near, 2.0))
    boa.env.time_travel(seconds=DAY)
    world.post(world.report(far, 0.2))
    assert world.surface.expiries(BTC) == [far]


numbers = st.floats(0.0, 1.0)


@settings(max_examples=25, derandomize=True)
@given(st.floats(0.05, 1.0), numbers, numbers, numbers, st.floats(0.3, 1.8), st.booleans())
def test_what_is_accepted_has_no_arbitrage(
    world: SurfaceWorld,
    a: float,
    b: float,
    rho: float,
    sigma: float,
    second: float,
    later_first: bool,
) -> None:
    shape = Svi(a, 2 * b, 1.9 * rho - 0.95, a - b, 0.05 + 2 * sigma)
    near, far = now() + 10 * DAY, now() + 20 * DAY
    posts: list[Post] = []
    for expiry, volatility in ((near, 0.7), (far, 0.7 * second))[:: -1 if later_first else 1]:
        report = world.report(expiry, svi=smile(volatility, expiry - now(), shape))
        try:
            world.surface.post([report.as_tuple()], sender=world.fitter)
        except boa.BoaError:
            continue
        posts.append(as_post(report))
    assert not any(has_butterfly(post.svi) for post in posts)
    if len(posts) == 2:
        one, other = sorted(posts, key=lambda post: post.expiry)
        assert not has_calendar(one, other, now())


def test_ordinary_smiles_are_accepted(world: SurfaceWorld) -> None:
    # So that the property above is not an empty one.
    for i, shape in enumerate(
        (SHAPE, Svi(0.1, 0.8, -0.6, 0.2, 0.8), Svi(0.3, 0.3, 0.2, 0.0, 1.0), Svi(0, 0.5, 0, 0, 2))
    ):
        for days in (1, 30, 300):
            tenor = days * DAY
            report = world.report(now() + tenor, svi=smile(0.5, tenor, shape), underlying=BTC)
            with boa.env.anchor():
                world.post(report)
                assert world.surface.smile(BTC, report.expiry)[0], i


# -- speed --


@pytest.mark.parametrize("factor", [1.26, 0.74])
def test_reverts_moves_too_fast(world: SurfaceWorld, factor: float) -> None:
    expiry = now() + 30 * DAY
    world.post(world.report(expiry, 0.6))
    boa.env.time_travel(seconds=HOUR)
    with boa.reverts("surface: moves too fast"):
        world.post(world.report(expiry, 0.6 * factor))
    world.post(world.report(expiry, 0.6 * (1 + 0.85 * (factor - 1))))


def test_limits_widen_with_time_up_to_a_day(world: SurfaceWorld) -> None:
    expiry = now() + 30 * DAY
    world.surface.set_limits(BTC, (WAD // 100, *LIMITS[1:]), sender=world.owner)
    world.post(world.report(expiry, 0.5))
    boa.env.time_travel(seconds=600)
    with boa.reverts("surface: moves too fast"):
        world.post(world.report(expiry, 0.501))
    boa.env.time_travel(seconds=2 * DAY)
    with boa.reverts("surface: moves too fast"):
        world.post(world.report(expiry, 0.625))
    world.post(world.report(expiry, 0.615))


def test_many_small_steps_are_no_way_around(world: SurfaceWorld) -> None:
    expiry = now() + 30 * DAY
    volatility = 0.5
    world.post(world.report(expiry, volatility))
    for _ in range(12):
        boa.env.time_travel(seconds=300)
        volatility *= 1 + 0.25 * 300 / HOUR * 0.999
        world.post(world.report(expiry, volatility))
        with boa.reverts("surface: not newer"):
            world.post(world.report(expiry, volatility))
    # An hour of steps compounds to what an hour allows, and a bit of interest on it.
    assert volatility < 0.5 * 1.25 * 1.03


def test_wings_move_no_faster(world: SurfaceWorld) -> None:
    expiry = now() + 30 * DAY
    world.post(world.report(expiry, svi=smile(0.6, 30 * DAY, Svi(0.2, 0.6, -0.9, 0.0, 1.2))))
    boa.env.time_travel(seconds=HOUR)
    tilted = smile(0.6, 30 * DAY - HOUR, Svi(0.2, 0.6, 0.9, 0.0, 1.2))
    with boa.reverts("surface: moves too fast"):
        world.post(world.report(expiry, svi=tilted))


@pytest.mark.parametrize("sign", [-1, 1])
def test_one_wing_alone_moves_no_faster(world: SurfaceWorld, sign: int) -> None:
    # The same at the money and on one side, a third more volatility on the other.
    expiry = now() + 30 * DAY
    old, new = Svi(0.02, 0.1, 0.0, 0.0, 0.05), Svi(0.015, 0.2, 0.5 * sign, 0.0, 0.05)
    assert old.variance(0) == pytest.approx(new.variance(0))
    deviation = old.variance(0) ** 0.5
    moves = [
        (new.variance(side * deviation) / old.variance(side * deviation)) ** 0.5 - 1
        for side in (-1, 1)
    ]
    assert sorted(abs(x) > 0.25 for x in moves) == [False, True]
    world.post(world.report(expiry, svi=old))
    boa.env.time_travel(seconds=HOUR)
    with boa.reverts("surface: moves too fast"):
        world.post(world.report(expiry, svi=new))


def test_a_new_expiry_is_held_to_the_surface(world: SurfaceWorld) -> None:
    far = now() + 60 * DAY
    world.post(world.report(far, 0.6))
    for volatility in (0.29, 0.91):
        with boa.reverts("surface: moves too fast"):
            world.post(world.report(now() + 30 * DAY, volatility))
    world.post(world.report(now() + 30 * DAY, 0.7))


@pytest.mark.parametrize(("forward", "rate"), [(1.03, 0.0), (0.97, 0.0), (1, 0.021), (1, -0.021)])
def test_reverts_carry_moves_too_fast(world: SurfaceWorld, forward: float, rate: float) -> None:
    expiry = now() + 30 * DAY
    world.post(world.report(expiry))
    boa.env.time_travel(seconds=HOUR)
    with boa.reverts("surface: carry moves too fast"):
        world.post(world.report(expiry, forward=forward, rate=rate))
    world.post(world.report(expiry, forward=1.019, rate=-0.019))


def test_what_the_model_calls_too_fast_is_refused(world: SurfaceWorld) -> None:
    expiry = now() + 20 * DAY
    world.post(world.report(expiry, 0.6, forward=1.01))
    boa.env.time_travel(seconds=HOUR)
    for volatility in (0.47, 0.5, 0.6, 0.7, 0.73, 0.77):
        for forward in (0.98, 1.0, 1.02, 1.035):
            report = world.report(expiry, volatility, forward=forward)
            new = as_post(report)
            with boa.env.anchor():
                if world.model.moves_too_fast(new, now()):
                    with boa.reverts("surface: moves too fast"):
                        world.surface.post([report.as_tuple()], sender=world.fitter)
                elif world.model.carry_moves_too_fast(new, now()):
                    with boa.reverts("surface: carry moves too fast"):
                        world.surface.post([report.as_tuple()], sender=world.fitter)
                else:
                    world.surface.post([report.as_tuple()], sender=world.fitter)


# -- figures --


def test_reverts_for_figures_out_of_range(world: SurfaceWorld) -> None:
    good = world.report(now() + 30 * DAY)
    for changes, reason in (
        ({"expiry": good.expiry + 1}, "surface: expiry not on the hour"),
        ({"expiry": 2**24 * HOUR}, "surface: expiry not on the hour"),
        ({"expiry": now()}, "surface: tenor out of range"),
        ({"expiry": now() - DAY}, "surface: tenor out of range"),
        ({"expiry": now() + 3_651 * DAY}, "surface: tenor out of range"),
        ({"forward": WAD // 5 - 1}, "surface: forward out of range"),
        ({"forward": 5 * WAD + 1}, "surface: forward out of range"),
        ({"rate": WAD + 1}, "surface: rate out of range"),
        ({"rate": -WAD - 1}, "surface: rate out of range"),
        ({"b": 3 * WAD}, "svi: slope out of range"),
        ({"a": -WAD}, "svi: variance not positive"),
        ({"a": 5 * WAD}, "surface: volatility out of range"),
        ({"a": 10**12, "b": 0}, "surface: volatility out of range"),
        ({"underlying": 2}, "surface: underlying not open"),
        ({"underlying": 2**255}, "surface: underlying not open"),
    ):
        with boa.reverts(reason):
            world.surface.post([later(good, **changes).as_tuple()], sender=world.fitter)
    boa.env.time_travel(seconds=HOUR - 1_199)
    with boa.reverts("surface: tenor out of range"):
        world.post(world.report(now() + 1_199))


def test_reverts_too_many_expiries(world: SurfaceWorld) -> None:
    expiries = [now() + d * DAY for d in range(1, 11)]

    def flat(expiry: int) -> SurfaceReport:
        tenor = expiry - now()
        return world.report(expiry, svi=Svi(0.36 * tenor / YEAR, 0.1 * tenor / YEAR, 0.0, 0.0, 0.1))

    # In a mixed order, so that every place of the list is inserted at.
    for place in (5, 0, 9, 3, 7, 1, 8, 2, 6, 4):
        world.post(flat(expiries[place]))
    assert world.surface.expiries(BTC) == expiries
    for hours in (12, 36, 1_000):
        with boa.reverts("surface: too many expiries"):
            world.post(flat(now() + hours * HOUR))
    boa.env.time_travel(seconds=DAY)
    world.post(flat(now() + 36 * HOUR))
    assert world.surface.expiries(BTC) == [*expiries[1:2], expiries[0] + 36 * HOUR, *expiries[2:]]
    boa.env.time_travel(seconds=20 * DAY)
    assert world.surface.expiries(BTC) == []


# -- authority --


def test_reverts_caller_is_no_fitter(world: SurfaceWorld) -> None:
    report = world.report(now() + DAY).as_tuple()
    for caller in (world.intruder, world.owner):
        with boa.reverts("surface: caller is no fitter"):
            world.surface.post([report], sender=caller)
    world.surface.set_fitter(world.fitter, False, sender=world.owner)
    with boa.reverts("surface: caller is no fitter"):
        world.surface.post([report], sender=world.fitter)


def test_reverts_caller_is_not_the_owner(world: SurfaceWorld) -> None:
    for name, arguments in {
        "set_limits": (BTC, LIMITS),
        "set_fitter": (world.intruder, True),
        "set_committee": ([world.intruder], 1),
    }.items():
        with boa.reverts("ownable: caller is not the owner"):
            getattr(world.surface, name)(*arguments, sender=world.intruder)


def test_reverts_for_limits_out_of_range(world: SurfaceWorld) -> None:
    with boa.env.prank(world.owner):
        for place, most in enumerate((2 * WAD, WAD, 2 * WAD)):
            for value in (0, most + 1):
                limits = [value if i == place else LIMITS[i] for i in range(3)]
                with boa.reverts("surface: speed out of range"):
                    world.surface.set_limits(BTC, tuple(limits))
        for underlying in (0, 2**16):
            with boa.reverts("surface: no such underlying"):
                world.surface.set_limits(underlying, LIMITS)
    with boa.reverts("surface: no owner"):
        compiled("oracle/VolatilitySurface.vy").deploy([keys(1)[0].address], 1, NOBODY)
