"""PyTorch on the CPU: products, convolutions, and the games of torch_games.py."""
import gc

import torch
import torch.nn.functional as F

import torch_games

LAYOUTS = {"": torch.contiguous_format, "nchw": torch.contiguous_format, "channels_last": torch.channels_last}


def set_threads(threads):
    torch.set_num_threads(threads)


def about():
    config = [line.strip(" -") for line in torch.__config__.show().splitlines()]
    libraries = [line for line in config if "Math Kernel" in line or "MKL-DNN" in line]
    return f"torch {torch.__version__}, {torch.backends.cpu.get_cpu_capability()}, " + ", ".join(libraries)


def open_work(work):
    torch.manual_seed(0)
    layout = LAYOUTS[work.get("layout", "")]
    if work["work"] == "matmul":
        return matmul(work["n"])
    if work["work"] == "conv":
        return convolution(work, layout)
    if work["work"] == "block":
        return torch_games.residual(work["batch"], layout)
    if work["work"] == "round":
        return torch_games.round_of(work["game"], layout, work.get("compile", False))
    if work["work"] == "sample":
        return torch_games.samples_of(work["game"], layout, work["batch"])
    raise NotImplementedError(work["work"])


def matmul(n):
    a, b = torch.rand(n, n), torch.rand(n, n)
    out = torch.empty(n, n)
    return lambda: torch.mm(a, b, out=out)


def convolution(work, layout):
    """One direction of a convolution, by the functions that autograd calls."""
    side, stride, pad = work["side"], work["stride"], work.get("pad", 0)
    x = torch.rand(work["batch"], work["in"], side, side).to(memory_format=layout)
    w = torch.rand(work["out"], work["in"], work["kernel"], work["kernel"]).to(memory_format=layout)
    if work["direction"] == "forward":
        return no_grad(lambda: F.conv2d(x, w, stride=stride, padding=pad))
    dy = torch.rand_like(F.conv2d(x, w, stride=stride, padding=pad))
    mask = [work["direction"] == "byinput", work["direction"] == "bykernel", False]
    return no_grad(lambda: torch.ops.aten.convolution_backward(dy, x, w, None, [stride] * 2, [pad] * 2, [1, 1], False, [0, 0], 1, mask))


def no_grad(run):
    def ungraded():
        with torch.no_grad():
            run()

    return ungraded


def forget():
    gc.collect()
