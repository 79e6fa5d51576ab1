"""Reference numbers for the distances in package metrics, by the authors' formulas with NumPy and SciPy.

    python metrics/testdata/reference.py > metrics/testdata/reference.json

The Frechet distance is that of the TTUR code (github.com/bioinf-jku/TTUR, fid.py, calculate_frechet_distance): scipy.linalg.sqrtm of the
product of the covariances. Precision and recall are those of github.com/kynkaat/improved-precision-and-recall-metric
(precision_recall.py: radii at the k-th neighbour, itself not counted; inside is <=). The sliced Wasserstein distance of one direction
is scipy.stats.wasserstein_distance of the projections, here onto every coordinate axis and their mean direction.
The rows are made by a formula, which the Go test repeats.
"""
import json
import numpy as np
import scipy
from scipy.linalg import sqrtm
from scipy.stats import wasserstein_distance


def rows(n, size, phase):
    i, k = np.arange(n)[:, None], np.arange(size)[None, :]
    x = np.sin(phase + 1.7 * i * (k + 1) + 0.3 * i * i) + 0.1 * phase * np.cos(0.9 * i + k)
    return x.astype(np.float32).astype(np.float64)


def frechet(a, b):
    root = sqrtm(np.cov(a, rowvar=False) @ np.cov(b, rowvar=False))
    d = a.mean(0) - b.mean(0)
    return d @ d + np.trace(np.cov(a, rowvar=False)) + np.trace(np.cov(b, rowvar=False)) - 2 * np.trace(np.real(root))


def covered(queries, of, k):
    within = np.sqrt(((of[:, None] - of[None]) ** 2).sum(-1))
    radius = np.sort(within, axis=1)[:, k]  # the first is the row itself
    across = np.sqrt(((queries[:, None] - of[None]) ** 2).sum(-1))
    return float((across <= radius[None]).any(1).mean())


a, b = rows(300, 8, 0.4), rows(200, 8, 9.5)
print(json.dumps({
    "numpy": np.__version__, "scipy": scipy.__version__,
    "frechet": frechet(a, b),
    "precision": covered(a, b, 3), "recall": covered(b, a, 3),
    "wasserstein": [wasserstein_distance(a[:, k], b[:, k]) for k in range(8)],
}, indent=1))
