"""NumPy with the OpenBLAS of its wheel."""
import ctypes
import os

import numpy as np


def set_threads(threads):
    pass  # OpenBLAS heeds OMP_NUM_THREADS


def about():
    return f"numpy {np.__version__}, {openblas()}"


def openblas():
    """Which kernels OpenBLAS runs, asked of the library that numpy has loaded."""
    np.dot(np.ones((2, 2), np.float32), np.ones((2, 2), np.float32))
    for line in open("/proc/self/maps"):
        path = line.split()[-1]
        if "openblas" in os.path.basename(path):
            library = ctypes.CDLL(path)
            for prefix, suffix in (("scipy_", "64_"), ("scipy_", ""), ("", "64_"), ("", "")):
                try:
                    config = getattr(library, f"{prefix}openblas_get_config{suffix}")
                    core = getattr(library, f"{prefix}openblas_get_corename{suffix}")
                except AttributeError:
                    continue
                config.restype = core.restype = ctypes.c_char_p
                return f"{config().decode().strip()}, {core().decode()} kernels"
    return "BLAS unknown"


def open_work(work):
    if work["work"] != "matmul":
        raise NotImplementedError(work["work"])
    n = work["n"]
    random = np.random.default_rng(0)
    a, b = (random.random((n, n), np.float32) for _ in range(2))
    out = np.empty((n, n), np.float32)
    return lambda: np.matmul(a, b, out=out)


def forget():
    pass
