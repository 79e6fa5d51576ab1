#!/usr/bin/env python3
"""What other programs say about the files of a run: safetensors 0.8.0, tensorboard 2.21.0, numpy 2.4.6.

    peers.py write DIR     writes python.safetensors, which the Go test reads
    peers.py read DIR      reads go.safetensors and the event file of DIR, and prints what is in them
"""
import glob
import json
import os
import sys

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file


def write(folder):
    save_file(
        {
            "b/scalar": np.array(-1.5, np.float64),
            "a/matrix": np.arange(6, dtype=np.float32).reshape(2, 3),
            "c/flags": np.array([True, False, True]),
            "d/none": np.zeros((0, 4), np.int64),
        },
        os.path.join(folder, "python.safetensors"),
        metadata={"who": "python"},
    )


def read_tensors(path):
    with safe_open(path, "np") as f:
        tensors = {k: f.get_tensor(k) for k in sorted(f.keys())}
        meta = {k: v for k, v in f.metadata().items() if k != "ganymede.sha256"}
    return {
        "tensors": {k: [str(v.dtype), list(v.shape), v.tolist()] for k, v in tensors.items()},
        "metadata": meta,
    }


def read_events(folder):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(folder)
    events.Reload()
    tags = events.Tags()
    return {
        "version": events.file_version,
        "scalars": {t: [[e.wall_time, e.step, e.value] for e in events.Scalars(t)] for t in tags["scalars"]},
        "images": {t: [[e.step, e.width, e.height, len(e.encoded_image_string)] for e in events.Images(t)] for t in tags["images"]},
    }


def main(verb, folder):
    if verb == "write":
        write(folder)
        return
    out = read_tensors(os.path.join(folder, "go.safetensors"))
    if glob.glob(os.path.join(folder, "events.out.tfevents.*")):
        out["events"] = read_events(folder)
    print(json.dumps(out, sort_keys=True))


if __name__ == "__main__":
    main(*sys.argv[1:])
