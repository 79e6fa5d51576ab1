#!/usr/bin/env bash
# Makes bench/.venv with the peers that we measure ourselves against: PyTorch as PyPI serves it.
set -euo pipefail
cd "$(dirname "$0")/.."
python3 -m venv .venv
.venv/bin/pip install --quiet torch numpy
.venv/bin/python -c 'import torch; print("torch", torch.__version__)'
