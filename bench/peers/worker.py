"""The other side of bench/worker.go: python worker.py torch|jax|numpy THREADS

Reads one JSON object a line and answers one a line:

    {"do": "about"}                              {"about": "torch 2.15.0, ..."}
    {"do": "open", "id": 1, "work": {...}}       {}
    {"do": "burst", "id": 1, "runs": 3}          {"seconds": [0.1, 0.1, 0.1]}
    {"do": "close", "id": 1}                     {}
    {"do": "memory", "work": {...}, "runs": 3}   {"bytes": 123}     peak of the process less what was resident before the work
    anything that fails                          {"error": "..."}
"""
import json
import os
import sys
import time

peer, threads = sys.argv[1], int(sys.argv[2])
answers = os.fdopen(os.dup(1), "w")  # what a library prints must not be taken for an answer
os.dup2(2, 1)

if peer == "jax" and hasattr(os, "sched_setaffinity"):
    # XLA makes as many threads as the process may run on.
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-threads:])

if peer == "torch":
    import torch_peer as program
elif peer == "jax":
    import jax_peer as program
else:
    import numpy_peer as program


def status(name):
    """A figure of this process in bytes, as Linux tells it."""
    for line in open("/proc/self/status"):
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    return 0


program.set_threads(threads)
loaded = status("VmRSS")
opened = {}


def answer(request):
    do = request["do"]
    if do == "about":
        return {"about": program.about()}
    if do == "open":
        opened[request["id"]] = program.open_work(request["work"])
        return {}
    if do == "burst":
        run, seconds = opened[request["id"]], []
        for _ in range(request["runs"]):
            begin = time.perf_counter()
            run()
            seconds.append(time.perf_counter() - begin)
        return {"seconds": seconds}
    if do == "close":
        opened.pop(request["id"], None)
        program.forget()
        return {}
    if do == "memory":
        run = program.open_work(request["work"])
        for _ in range(request["runs"]):
            run()
        return {"bytes": status("VmHWM") - loaded}
    raise ValueError(f"there is no {do!r}")


for line in sys.stdin:
    try:
        reply = answer(json.loads(line))
    except Exception as error:  # told to the other side, which goes on without this row
        reply = {"error": f"{type(error).__name__}: {error}"[:600]}
    answers.write(json.dumps(reply) + "\n")
    answers.flush()
