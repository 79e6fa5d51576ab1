#!/usr/bin/env bash
# Makes bench/.venv with the peers that `ganymede bench --peers` measures us against: PyTorch, JAX and NumPy as PyPI serves them (torch.compile
# needs a C++ compiler too), and GoMLX's own Go backend, which is fastest with GOEXPERIMENT=simd.
set -euo pipefail
cd "$(dirname "$0")/../.."
python3 -m venv bench/.venv
bench/.venv/bin/pip install --quiet torch jax numpy
bench/.venv/bin/python -c 'import torch, jax, numpy; print("torch", torch.__version__, "jax", jax.__version__, "numpy", numpy.__version__)'
GOEXPERIMENT=simd CGO_ENABLED=0 go build -o bench/.venv/bin/stock ./bench/peers/stock
