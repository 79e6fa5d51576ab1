"""Numbers of JAX on a CPU for operations that GoMLX's stock Go backend lacks, in float64.

    bench/.venv/bin/python engine/testdata/jax_numbers.py > engine/testdata/jax_numbers.json

Inputs are wave(n, phase)[i] = sin(1.3 i + phase), which the Go test repeats. Philox has its own script, engine/vec/testdata/philox.py.
"""
import json
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

jax.config.update("jax_enable_x64", True)


def wave(n, phase):
    return jnp.asarray(np.sin(1.3 * np.arange(n) + phase))


def parts(z):
    return {"re": np.real(z).ravel().tolist(), "im": np.imag(z).ravel().tolist()}


def batch_norm(x, scale, offset):
    mean, variance = x.mean((0, 1)), x.var((0, 1))
    return (x - mean) / jnp.sqrt(variance + 1e-3) * scale + offset


out = {"jax": jax.__version__}
for n in (12, 13, 64):
    z = lax.complex(wave(2 * n, 0.7), wave(2 * n, 2.1)).reshape(2, n)
    r = wave(2 * n, 0.7).reshape(2, n)
    out[f"fft{n}"] = parts(lax.fft(z, "FFT", (n,)))
    out[f"ifft{n}"] = parts(lax.fft(z, "IFFT", (n,)))
    out[f"rfft{n}"] = parts(lax.fft(r, "RFFT", (n,)))

x, dy = wave(30, 0.3).reshape(2, 5, 3), wave(30, 1.9).reshape(2, 5, 3)
scale, offset = jnp.array([0.5, 1.0, 2.0]), jnp.array([-1.0, 0.0, 1.0])
y, back = jax.vjp(batch_norm, x, scale, offset)
dx, dscale, doffset = back(dy)
out["norm"] = {k: np.asarray(v).ravel().tolist() for k, v in dict(y=y, dx=dx, dscale=dscale, doffset=doffset).items()}

x, update = wave(20, 0.5).reshape(4, 5), wave(6, 1.1).reshape(2, 3)
out["slices"] = {f"{a},{b}": {
    "slice": lax.dynamic_slice(x, (a, b), (2, 3)).ravel().tolist(),
    "update": lax.dynamic_update_slice(x, update, (a, b)).ravel().tolist(),
} for a, b in ((1, 2), (3, 4), (-7, 9))}
print(json.dumps(out))
