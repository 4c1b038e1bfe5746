"""Where the constants of contracts/math come from: `python -m benchmarks.coefficients`.

Every one is a coefficient of a minimax rational function, found by a Remez exchange in 50 digits
and written as a continued fraction `c + a0/(x + b0 + a1/(x + b1 + ...))`: on the EVM a division
costs what a product costs, so this is half of two Horner forms. `b` and `c` have 64 fractional
bits, `a` has 128, so that each quotient again has 64. tests/unit/math/test_coefficients.py holds
the contracts to what this prints.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from mpmath import cos, coth, erf, erfc, exp, log, lu_solve, matrix, mp, mpf, nint, pi, sqrt

DIGITS = 50
# Where the two forms of the distribution meet, in standard deviations.
EDGE = "2.24"
Number = Any
Function = Callable[[Number], Number]


class Fraction(NamedTuple):
    """`c + a0/(x + b0 + a1/(x + b1 + ...))` and the largest weighted error of it."""

    c: Number
    pairs: list[tuple[Number, Number]]
    error: Number


def one(_: Number) -> Number:
    """The weight of an absolute error, the factor of a plain quotient."""
    return mpf(1)


def horner(coefficients: list[Number], x: Number) -> Number:
    """The polynomial, coefficients from low to high."""
    value = mpf(0)
    for c in reversed(coefficients):
        value = value * x + c
    return value


# -- the exchange --


class Exchange:
    """Minimises `max |weight (f - factor P/Q)|` over a grid; P of degree n, Q of degree m."""

    def __init__(
        self, f: Function, n: int, m: int, grid: list[Number], factor: Function, weight: Function
    ) -> None:
        self.n, self.m, self.grid = n, m, grid
        self.f, self.g, self.w = ([h(x) for x in grid] for h in (f, factor, weight))
        self.p: list[Number] = []
        self.q: list[Number] = []

    def errors(self) -> list[Number]:
        return [
            w * (f - g * horner(self.p, x) / horner(self.q, x))
            for x, f, g, w in zip(self.grid, self.f, self.g, self.w, strict=True)
        ]

    def solve(self, nodes: list[int], level: Number | None) -> Number:
        """Fits with errors of alternating sign at the nodes; `level` None: with no error there."""
        size = self.n + self.m + 1 + (level is not None)
        a, b = matrix(size, size), matrix(size, 1)
        for row, i in enumerate(nodes):
            x, share = self.grid[i], (-1) ** row * (level or 0) / self.w[i]
            for j in range(self.n + 1):
                a[row, j] = self.g[i] * x**j
            for j in range(1, self.m + 1):
                a[row, self.n + j] = (share - self.f[i]) * x**j
            if level is not None:
                a[row, size - 1] = (-1) ** row / self.w[i]
            b[row] = self.f[i]
        x = list(lu_solve(a, b))
        self.p, self.q = x[: self.n + 1], [mpf(1), *x[self.n + 1 : self.n + self.m + 1]]
        return x[-1]

    def peaks(self) -> list[int]:
        """Where the error is largest between two changes of its sign."""
        errors, found = self.errors(), list[int]()
        for i, error in enumerate(errors):
            if found and (error > 0) == (errors[found[-1]] > 0):
                found[-1] = max(found[-1], i, key=lambda k: abs(errors[k]))
            else:
                found.append(i)
        while len(found) > self.n + self.m + 2:
            found.pop(0 if abs(errors[found[0]]) < abs(errors[found[-1]]) else -1)
        return found

    def interpolate(self) -> None:
        """A start: moves the zeros of the error until its peaks are of one size."""
        count, last = self.n + self.m + 1, len(self.grid) - 1
        nodes = [
            int(nint((1 - cos(pi * (2 * i + 1) / (2 * count))) / 2 * last)) for i in range(count)
        ]
        for _ in range(40):
            self.solve(nodes, None)
            errors, edges = self.errors(), [0, *nodes, last]
            high = [
                max(abs(e) for e in errors[a : b + 1])
                for a, b in zip(edges, edges[1:], strict=False)
            ]
            if max(high) < 3 * min(high):
                break
            widths = [
                (b - a + 0.5) * (max(high) / (h + mpf(10) ** -60)) ** 0.08
                for a, b, h in zip(edges, edges[1:], high, strict=False)
            ]
            place = mpf(0)
            for i in range(count):
                place += widths[i] / sum(widths) * last
                nodes[i] = max(int(nint(place)), nodes[i - 1] + 1 if i else 0)

    def run(self) -> Number:
        self.interpolate()
        for _ in range(25):
            nodes, level = self.peaks(), mpf(0)
            assert len(nodes) == self.n + self.m + 2, "too few peaks"
            for _ in range(6):
                before, level = level, self.solve(nodes, level)
                if abs(level - before) < abs(level) * mpf("1e-8"):
                    break
            worst = max(abs(e) for e in self.errors())
            if worst < abs(level) * mpf("1.001"):
                break
        return worst


def fraction(p: list[Number], q: list[Number], error: Number) -> Fraction:
    """The continued fraction of a quotient, coefficients from low to high."""
    c, pairs = mpf(0), []
    if len(p) == len(q):
        c = p[-1] / q[-1]
        p = [x - c * y for x, y in zip(p[:-1], q, strict=False)]
    while p:
        a, q, p = p[-1] / q[-1], [x / q[-1] for x in q], [x / p[-1] for x in p]
        rest = q[:-1]
        for i, x in enumerate(p[:-1]):
            rest[i + 1] -= x
        b = rest.pop()
        pairs.append((a, b))
        rest = [x - b * y for x, y in zip(rest, p, strict=False)]
        p, q = rest, p
    return Fraction(c, pairs, error)


def minimax(f: Function, n: int, low: Number, high: Number, weight: Function = one) -> Fraction:
    """Type (n, n) on an interval."""
    grid = [(low + high) / 2 - (high - low) / 2 * cos(pi * i / 800) for i in range(801)]
    exchange = Exchange(f, n, n, grid, one, weight)
    error = exchange.run()
    return fraction(exchange.p, exchange.q, error)


# -- the functions --


def mills(z: Number) -> Number:
    """Mills' ratio of the standard normal."""
    if z > 50:
        tail = z
        for k in range(120, 0, -1):
            tail = z + k / tail
        return 1 / tail
    return sqrt(pi / 2) * exp(z * z / 2) * erfc(z / sqrt(mpf(2)))


def mills_fraction(
    n: int, weight: Function, top: float = mp.inf, low: str = "0", middle: int = 3
) -> Fraction:
    """Type (n - 1, n) on (low, top), which is (-1, 1) of t = (z - low - m)/(z - low + m)."""
    edge, m = mpf(low), mpf(middle)
    at = {t: edge + m * (1 + t) / (1 - t) for t in (-cos(pi * i / 1500) for i in range(1500))}
    grid = [t for t, z in at.items() if z < top and (z > 0 or weight is one)]
    exchange = Exchange(
        lambda t: mills(at[t]), n - 1, n, grid, lambda t: 1 - t, lambda t: weight(at[t])
    )
    error = exchange.run()

    def in_z(coefficients: list[Number]) -> list[Number]:
        """Coefficients in z of the sum of c_j (z - low - m)**j (z - low + m)**(n' - j)."""
        result = [mpf(0)] * len(coefficients)
        for j, c in enumerate(coefficients):
            power = [mpf(1)]
            for k in range(len(coefficients) - 1):
                shift = (-m if k < j else m) - edge
                power = [
                    (power[i - 1] if i else 0) + (shift * power[i] if i < len(power) else 0)
                    for i in range(len(power) + 1)
                ]
            result = [x + c * y for x, y in zip(result, power, strict=True)]
        return result

    return fraction([2 * m * x for x in in_z(exchange.p)], in_z(exchange.q), error)


def uniform() -> Fraction:
    """Mills' ratio with the same absolute error everywhere."""
    return mills_fraction(9, one)


def weighted() -> Fraction:
    """Mills' ratio for products with the density: exact at 0, so that cdf(0) is a half."""
    return mills_fraction(6, _by_density, 9)


def brief() -> Fraction:
    """The same to nine digits, for the margin tier."""
    return mills_fraction(4, _by_density, 9)


def _by_density(z: Number) -> Number:
    return exp(-z * z / 2) / sqrt(2 * pi) * (1 + mpf("0.02") / z)


def beyond(n: int, weight: Function = one) -> Fraction:
    """Mills' ratio beyond the edge."""
    return mills_fraction(n, weight, low=EDGE, middle=4)


def faint() -> Fraction:
    """Mills' ratio beyond the edge for products with the density."""
    return mills_fraction(5, lambda z: exp(-z * z / 2) + mpf("1e-5"), low=EDGE, middle=4)


def centre(weight: Function) -> Fraction:
    """(cdf(z) - 1/2)/z as a function of z**2 up to the edge."""

    def odd(w: Number) -> Number:
        z = sqrt(w)
        return erf(z / sqrt(mpf(2))) / 2 / z if w > mpf("1e-20") else 1 / sqrt(2 * pi)

    return minimax(odd, 5, mpf(0), mpf(EDGE) ** 2, lambda w: sqrt(w) * weight(w) + mpf("1e-8"))


def logarithm(n: int, top: str = "") -> Fraction:
    """ln((1 + y)/(1 - y))/y as a function of y**2, for y up to the top, or quotients up to 2."""

    def series(u: Number) -> Number:
        y = sqrt(u)
        return log((1 + y) / (1 - y)) / y if u > mpf("1e-20") else 2 + 2 * u / 3

    return minimax(series, n, mpf(0), mpf(top) ** 2 if top else mpf(1) / 9, sqrt)


def power_of_two() -> Fraction:
    """T of 2**f = (T + f)/(T - f) = 1 + 2f/(T - f), as a function of f**2, |f| <= 1/2."""
    ln2 = log(mpf(2))

    def even(u: Number) -> Number:
        r = ln2 * sqrt(u)
        return r * coth(r / 2) / ln2 if u > mpf("1e-20") else 2 / ln2

    return minimax(even, 2, mpf(0), mpf(1) / 4, sqrt)


def root() -> Fraction:
    """Square root between 1 and 256, relative error: a first guess."""
    grid = [mpf(256) ** (mpf(i) / 800) for i in range(801)]
    exchange = Exchange(sqrt, 2, 2, grid, one, lambda x: 1 / sqrt(x))
    error = exchange.run()
    return fraction(exchange.p, exchange.q, error)


def through(values: dict[Number, Number], n: int) -> Fraction:
    """Type (n, n) of value/point through 2n + 1 of the points: good for a first guess."""
    exchange = Exchange(lambda t: values[t] / t, n, n, list(values), one, lambda t: t / values[t])
    last = len(values) - 1
    exchange.solve([last * i // (2 * n) for i in range(2 * n + 1)], None)
    return fraction(exchange.p, exchange.q, max(abs(e) for e in exchange.errors()))


def guess_below() -> Fraction:
    """k/t for t = ln(1 + pdf(0) k/(pdf(k) - k cdf(-k))): Bachelier's formula inverted."""
    grid = [mpf(10) ** (mpf(i) / 100 - mpf("1.1")) for i in range(201)]
    return through({log(1 + k * exp(k * k / 2) / (1 - k * mills(k))): k for k in grid}, 2)


def guess_above() -> Fraction:
    """z/t for t = -ln(2 cdf(-z)): the normal distribution inverted."""
    grid = [mpf(10) ** (mpf(i) / 100 - mpf("1.1")) for i in range(201)]
    return through({-log(erfc(z / sqrt(mpf(2)))): z for z in grid}, 2)


# -- as they stand in the contracts --


def q(value: Number, bits: int = 64) -> int:
    return int(nint(value * mpf(2) ** bits))


def named(name: str, found: Fraction, root: int = 0) -> dict[str, int]:
    """`root`: fractional bits of a variable whose square is x, and of the value; 64 of x else."""
    bits, value = (2 * root, root) if root else (64, 64)
    constants = {f"{name}_C": q(found.c, value)} if found.c else {}
    for k, (a, b) in enumerate(found.pairs):
        constants[f"{name}_A{k}"] = q(a, bits + (bits if k else value))
        constants[f"{name}_B{k}"] = q(b, bits)
    return constants


def constants() -> dict[str, int]:
    """Each by the name it has in contracts/math."""
    with mp.workdps(DIGITS):
        ln2, density = log(mpf(2)), 1 / sqrt(2 * pi)
        found = (
            named("MILLS", uniform())
            | named("NEAR", weighted())
            | named("SHORT", brief())
            | named("LN", logarithm(3))
            | named("LOG", logarithm(4))
            | named("CLOSE", logarithm(2, "0.17"))
            | named("WIDE", logarithm(4, "0.552"))
            | named("TAIL", beyond(7))
            | named("WING", beyond(6))
            | named("EXP", power_of_two(), 60)
            | named("ROUGH", mills_fraction(3, one))
            | named("BELOW", guess_below())
            | named("ABOVE", guess_above())
        )
        middle = centre(lambda w: exp(w / 2))
        # Scaled down, so that its products with z and a price fit.
        found |= named("MID", middle)
        found |= {
            "MID_C": q(middle.c, 56),
            "MID_A0": q(middle.pairs[0][0], 120),
            "EDGE": q(mpf(EDGE)),
        }
        wad = mpf(10) ** 18
        for k, (a, b) in enumerate(faint().pairs):
            # In wad; the first quotient is wad with 64 fractional bits.
            found[f"CDF_A{k}"] = q(a * wad * wad, 0 if k else 64)
            found[f"CDF_B{k}"] = q(b * wad, 0)
        middle, unit = centre(one), wad * wad / 2**56
        # In squares of wad less 56 bits; the value with 64 fractional bits.
        found["ODD_C"] = q(middle.c)
        for k, (a, b) in enumerate(middle.pairs):
            found[f"ODD_A{k}"] = q(a * unit * (unit if k else 1), 0 if k else 64)
            found[f"ODD_B{k}"] = q(b * unit, 0)
        guess = root()
        for j in range(4):
            # 256**j further up: the root grows by 16**j.
            scale = mpf(16) ** j
            found[f"ROOT{j}_C"] = q(guess.c * scale)
            for k, (a, b) in enumerate(guess.pairs):
                # Of whole seconds.
                found[f"ROOT{j}_A{k}"] = q(a * scale ** (4 if k else 3), 0 if k else 64)
                found[f"ROOT{j}_B{k}"] = q(b * scale**2, 0)
        # Whole numbers are too coarse there; these, by trial, are within 1.9 % at every second.
        found |= {"ROOT0_C": q(mpf("31.47172")), "ROOT0_A0": q(mpf("-8781.03"))}
        found |= {"ROOT0_B0": 312, "ROOT0_A1": -204, "ROOT0_B1": 7}
        return found | {
            "LN_2": q(ln2),
            "LOG2_E": q(1 / ln2),
            "HALF_LOG2_E": q(1 / ln2 / 2, 120),
            "HALF_LOG2_E_WAD": q(1 / ln2 / 2 / wad / wad, 248),
            "INVERSE_SQRT_2PI": q(density),
            "PDF_C": q(density / sqrt(mpf(2)), 63),
        }


def main() -> None:
    for name, value in constants().items():
        print(f"{name}: constant(int256) = {value:_}")


if __name__ == "__main__":
    main()
