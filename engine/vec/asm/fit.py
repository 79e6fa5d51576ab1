"""Fits the polynomials of package vec and prints coefficients.go:

    pip install mpmath==1.3.0 numpy scipy && python fit.py > coefficients.go && gofmt -w coefficients.go

Each is the best approximation in the weighted maximum norm (a linear program on a fine grid). Coefficients are
rounded to float32 one after another, lowest power first, and those that follow are fitted anew, so that they make up for
the rounding of those before.
"""
import mpmath as mp
import numpy as np
from scipy.optimize import linprog

mp.mp.dps = 40


def minimax(f, weight, a, b, powers, fixed, scale=24):
    """Coefficients c of sum c[k] x^powers[k] + fixed(x) ~ f(x), least max of weight |error| on [a, b]."""
    n = 400
    grid = [mp.mpf(a) + (mp.mpf(b) - a) * (1 - mp.cos(mp.pi * i / n)) / 2 for i in range(n + 1)]
    weights = [weight(x) for x in grid]
    basis = mp.matrix([[w * x ** p for p in powers] for x, w in zip(grid, weights)])
    target = mp.matrix([w * (f(x) - fixed(x)) for x, w in zip(grid, weights)])
    # Least squares first, in 40 digits; what is left to do is small and fits double precision, in units of 2^-scale.
    least = mp.lu_solve(basis.T * basis, basis.T * target)
    left = target - basis * least
    rest = np.array([float(x) * 2.0 ** scale for x in left])
    m = np.array(basis.tolist(), dtype=float)
    ones = np.ones((len(grid), 1))
    answer = linprog(np.r_[np.zeros(len(powers)), 1.0], A_ub=np.block([[m, -ones], [-m, -ones]]), b_ub=np.r_[rest, -rest],
                     bounds=[(None, None)] * len(powers) + [(0, None)])
    return [least[k] + mp.mpf(answer.x[k]) / 2 ** scale for k in range(len(powers))]


def fit(name, doc, f, weight, a, b, powers, known=()):
    """known are (coefficient, power) that are given."""
    given = [(mp.mpf(c), p) for c, p in known]
    left = list(powers)
    rounded = []
    while left:
        fixed = lambda x: sum(c * x ** p for c, p in given)
        c = minimax(f, weight, a, b, left, fixed)
        exact = mp.mpf(float(np.float32(float(c[0]))))
        given.append((exact, left.pop(0)))
        rounded.append(exact)
    worst = max(abs(weight(x) * (f(x) - sum(c * x ** p for c, p in given)))
                for x in [mp.mpf(a) + (mp.mpf(b) - a) * i / 3000 for i in range(3001)])
    values = ", ".join(float(c).hex() for c in reversed(rounded))
    print(f"\t// {doc}; largest weighted error 2^{float(mp.log(worst, 2)):.1f}.")
    print(f'\t{{"{name}", []float64{{{values}}}}},')


def fit64(name, doc, f, weight, a, b, powers):
    """The same in float64, where the rounding of coefficients does not matter here."""
    c = minimax(f, weight, a, b, powers, lambda x: 0, 40)
    worst = max(abs(weight(x) * (f(x) - sum(float(k) * x ** p for k, p in zip(c, powers))))
                for x in [mp.mpf(a) + (mp.mpf(b) - a) * i / 3000 for i in range(3001)])
    values = ", ".join(float(k).hex() for k in reversed(c))
    print(f"\t// {doc}; largest weighted error 2^{float(mp.log(worst, 2)):.1f}.")
    print(f'\t{{"{name}", []float64{{{values}}}}},')


one = mp.mpf(1)


def erfc_log(x):
    return mp.log(mp.erfc(x))


if __name__ == "__main__":
    print("package main\n")
    print("// polynomials are the coefficients of the functions, highest power first, made by fit.py.")
    print("var polynomials = []struct {\n\tname  string\n\tvalue []float64\n}{")
    half = mp.log(2) / 2 + mp.mpf(2) ** -20
    tiny = mp.mpf(10) ** -12
    safe = lambda x: x if abs(x) > tiny else tiny
    fit("polyExp", "eʳ = 1 + r + r²·p(r), |r| <= ln 2 / 2, relative to eʳ",
        lambda x: mp.exp(x), lambda x: mp.exp(-x), -half, half, [2, 3, 4, 5, 6], [(1, 0), (1, 1)])
    fit("polyExpm1", "eʳ - 1 = r + r²·p(r), relative to eʳ - 1",
        lambda x: mp.expm1(safe(x)) / safe(x), lambda x: safe(x) / mp.expm1(safe(x)), -half, half, [1, 2, 3, 4, 5, 6], [(1, 0)])
    fit("polyLog", "ln(1 + f) = f - f²/2 + f³·p(f), √½ <= 1 + f <= √2, relative",
        lambda x: mp.log1p(safe(x)) / safe(x), lambda x: safe(x) / mp.log1p(safe(x)),
        mp.sqrt(one / 2) - 1, mp.sqrt(2) - 1, [2, 3, 4, 5, 6, 7, 8, 9], [(1, 0), (-one / 2, 1)])
    # In the functions of x², the variable is x² and the weight makes the error relative.
    root = lambda s: mp.sqrt(max(s, tiny))
    fit("polyTanh", "tanh x = x + x³·p(x²), |x| <= 0.625, relative",
        lambda s: mp.tanh(root(s)) / root(s), lambda s: root(s) / mp.tanh(root(s)), 0, one * 625 ** 2 / 1000 ** 2,
        [1, 2, 3, 4, 5], [(1, 0)])
    fit("polyErf", "erf x = x + x·p(x²), |x| <= 0.9375, relative",
        lambda s: mp.erf(root(s)) / root(s), lambda s: root(s) / mp.erf(root(s)), 0, one * 15 ** 2 / 16 ** 2,
        [0, 1, 2, 3, 4, 5, 6], [(1, 0)])
    fit("polyErfTail", "ln(1 - erf x) = x·(p(x)) - x, 0.9375 <= x <= 3.9375, by what it does to erf",
        erfc_log, lambda x: mp.erfc(x) / mp.erf(x), one * 15 / 16, one * 63 / 16, [1, 2, 3, 4, 5, 6, 7], [(-1, 1)])
    quarter = (mp.pi / 4) ** 2 + mp.mpf(2) ** -12
    fit("polySin", "sin r = r + r³·p(r²), |r| <= π/4, relative",
        lambda s: mp.sin(root(s)) / root(s), lambda s: root(s) / mp.sin(root(s)), 0, quarter, [1, 2, 3, 4], [(1, 0)])
    fit("polyCos", "cos r = 1 - r²/2 + r⁴·p(r²), |r| <= π/4, relative",
        lambda s: mp.cos(root(s)), lambda s: 1 / mp.cos(root(s)), 0, quarter, [2, 3, 4], [(1, 0), (-one / 2, 1)])
    print("}")
    print("\n// doubles are those of the functions that work in float64.")
    print("var doubles = []struct {\n\tname  string\n\tvalue []float64\n}{")
    fit64("polyLog2", "log₂((1+s)/(1-s)) = s·p(s²), √½ <= (1+s)/(1-s) <= √2, relative",
          lambda q: mp.log((1 + root(q)) / (1 - root(q)), 2) / root(q), lambda q: mp.log(2) / 2, 0,
          ((mp.sqrt(2) - 1) / (mp.sqrt(2) + 1)) ** 2, [0, 1, 2, 3, 4, 5, 6])
    fit64("polyExp2", "2ʳ = p(r), |r| <= ½, relative", lambda r: mp.mpf(2) ** r, lambda r: mp.mpf(2) ** -r, -one / 2, one / 2,
          [0, 1, 2, 3, 4, 5, 6, 7])
    print("}")
