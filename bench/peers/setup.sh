#!/usr/bin/env bash
# Makes bench/.venv with the peers that we measure ourselves against: PyTorch, JAX and NumPy as PyPI serves them (torch.compile needs a C++
# compiler too).
set -euo pipefail
cd "$(dirname "$0")/.."
python3 -m venv .venv
.venv/bin/pip install --quiet torch jax numpy
.venv/bin/python -c 'import torch, jax, numpy; print("torch", torch.__version__, "jax", jax.__version__, "numpy", numpy.__version__)'
