"""The code of a series: its layout, and each reason for which integers name no option."""

import boa
import pytest

from novate.errors import ParameterError
from novate.series import MAX_EXPIRY, MAX_PRICE, PRICE_UNIT, WAD, Series

EXPIRY = 1_517_558_400  # Friday 2018-02-02 08:00 UTC
TERMS = {"underlying": 1, "expiry": EXPIRY, "strike": 2_700 * WAD, "kind": 0, "barrier": 0}


def encode(instruments, **changes):
    return instruments.encode(*(TERMS | changes).values())


def test_layout(instruments):
    # By hand: underlying 16 bits, expiry 24 in hours, strike 56 in 1e-8 USD, kind 8, barrier 56.
    code = encode(instruments, kind=0b0011, barrier=2_500 * WAD)
    fields = f"{code:040x}"
    assert fields == "0001" + f"{EXPIRY // 3_600:06x}" + f"{2_700 * 10**8:014x}" + "03" + (
        f"{2_500 * 10**8:014x}"
    )
    assert instruments.decode(code) == (1, EXPIRY, 2_700 * WAD, 2_500 * WAD, True, True)


@pytest.mark.parametrize("kind", [0, 1, 2, 3, 6, 7, 10, 11, 14, 15])
def test_every_kind(instruments, kind):
    barrier = 2_000 * WAD if kind & 2 else 0
    code = encode(instruments, kind=kind, barrier=barrier)
    series = Series.from_code(code)
    assert series.code == code and series.kind == kind
    assert (series.is_put, series.is_up, series.knocks_in) == (
        bool(kind & 1),
        bool(kind & 4),
        bool(kind & 8),
    )


REASONS = [
    ("series: expiry not on the hour", {"expiry": EXPIRY + 1}),
    ("series: strike too fine", {"strike": 2_700 * WAD + 1}),
    ("series: barrier too fine", {"kind": 2, "barrier": WAD + PRICE_UNIT - 1}),
    ("series: underlying too large", {"underlying": 2**16}),
    ("series: expiry too far", {"expiry": MAX_EXPIRY + 3_600}),
    ("series: strike too large", {"strike": MAX_PRICE + PRICE_UNIT}),
    ("series: unknown kind", {"kind": 2**8}),
    ("series: unknown kind", {"kind": 16 + 2, "barrier": WAD}),
    # Up or in without a barrier.
    ("series: unknown kind", {"kind": 4}),
    ("series: unknown kind", {"kind": 8}),
    ("series: barrier too large", {"kind": 2, "barrier": MAX_PRICE + PRICE_UNIT}),
    ("series: no underlying", {"underlying": 0}),
    ("series: zero strike", {"strike": 0}),
    ("series: barrier without kind", {"barrier": WAD}),
    ("series: zero barrier", {"kind": 2}),
]


@pytest.mark.parametrize(("reason", "changes"), REASONS)
def test_reverts(instruments, reason, changes):
    with boa.reverts(reason):
        encode(instruments, **changes)


@pytest.mark.parametrize(("reason", "changes"), REASONS)
def test_twin_refuses_the_same(reason, changes):
    terms = TERMS | changes
    kind = terms.pop("kind")
    with pytest.raises(ParameterError, match="accepted is"):
        if "kind" in reason or reason == "series: zero barrier":
            # The twin has such kinds only in codes.
            barrier = terms["barrier"] // PRICE_UNIT
            Series.from_code(
                Series(1, EXPIRY, WAD, False).code | (kind % 256 or 16) << 56 | barrier
            )
        else:
            Series(**terms, is_put=False)


def test_reverts_not_a_code(instruments):
    with boa.reverts("series: not a code"):
        instruments.require_valid(2**160)
    with pytest.raises(ParameterError):
        Series.from_code(2**160)


def test_extremes(instruments):
    code = encode(instruments, underlying=65_535, expiry=MAX_EXPIRY, strike=MAX_PRICE)
    assert Series.from_code(code) == Series(65_535, MAX_EXPIRY, MAX_PRICE, False)
    code = encode(instruments, expiry=0, strike=PRICE_UNIT, kind=1)
    assert Series.from_code(code) == Series(1, 0, PRICE_UNIT, True)
    code = encode(instruments, kind=2, barrier=MAX_PRICE)
    assert Series.from_code(code).barrier == MAX_PRICE


def test_error_names_value_and_range():
    with pytest.raises(ParameterError) as error:
        Series(0, EXPIRY, WAD, False)
    assert str(error.value) == "underlying = 0: accepted is 1 to 65535"


def test_text():
    series = Series(1, EXPIRY, 2_700 * WAD, True)
    assert str(series) == "1 2018-02-02 2700 put"
    barrier = Series(1, EXPIRY, 2_700 * WAD, False, 2_500 * WAD, knocks_in=True)
    assert str(barrier) == "1 2018-02-02 2700 call down-and-in 2500"
