"""Writes torch.safetensors: values, gradients and second gradients of PyTorch's operations, for TestTorch.

    python3 -m venv venv && venv/bin/pip install torch==2.15.0 numpy safetensors && venv/bin/python torch_numbers.py

Arrays are in this project's layouts: [batch, height, width, channels], kernels [height, width, in/groups, out], kernels of
transposed convolutions [height, width, out/groups, in].
"""
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
numbers = {}


def case(name, fn, *inputs):
    """Keeps the value y of fn, the gradient of sum(y*y)/2, and the gradient of the sum of that gradient's squares."""
    inputs = [x.detach().requires_grad_() for x in inputs]
    y = fn(*inputs)
    first = torch.autograd.grad((y * y).sum() / 2, inputs, create_graph=True)
    second = torch.autograd.grad(sum((g * g).sum() for g in first), inputs)
    for i, x in enumerate(inputs):
        numbers[f"{name}.input.{i}"] = x
        numbers[f"{name}.gradient.{i}"] = first[i]
        numbers[f"{name}.second.{i}"] = second[i]
    numbers[f"{name}.value"] = y


def first(x):  # channels first
    return x.movedim(-1, 1)


def last(x):
    return x.movedim(1, -1)


def kernel(k):  # [spatial..., in, out] to [out, in, spatial...]; also [spatial..., out, in] to [in, out, spatial...]
    return k.movedim(-1, 0).movedim(-1, 1)


def conv(name, x, k, **options):
    fn = {3: F.conv1d, 4: F.conv2d, 5: F.conv3d}[len(x)]
    case(name, lambda x, k: last(fn(first(x), kernel(k), **options)), torch.randn(x), torch.randn(k))


def conv_transpose(name, x, k, **options):
    fn = {3: F.conv_transpose1d, 4: F.conv_transpose2d}[len(x)]
    case(name, lambda x, k: last(fn(first(x), kernel(k), **options)), torch.randn(x), torch.randn(k))


conv("conv", (2, 5, 4, 2), (3, 2, 2, 3))
conv("conv-dcgan", (2, 6, 8, 2), (4, 4, 2, 3), stride=2, padding=1)
conv("conv-rows-left", (1, 6, 7, 2), (3, 3, 2, 3), stride=3, padding=1)
conv("conv-dilated", (1, 9, 8, 2), (3, 2, 2, 2), stride=2, padding=2, dilation=3)
conv("conv-groups", (2, 5, 5, 4), (3, 3, 2, 6), stride=2, padding=1, groups=2)
conv("conv-depthwise", (2, 4, 5, 3), (3, 3, 1, 6), padding=1, groups=3)
conv("conv-1d", (2, 9, 2), (4, 2, 3), stride=2, padding=1)
conv("conv-3d", (1, 3, 4, 3, 2), (2, 3, 2, 2, 2), padding=1)
conv("conv-to-one", (3, 4, 4, 2), (4, 4, 2, 3))

conv_transpose("transpose", (2, 3, 4, 2), (3, 2, 3, 2))
conv_transpose("transpose-dcgan", (2, 3, 4, 2), (4, 4, 3, 2), stride=2, padding=1)
conv_transpose("transpose-output-padding", (1, 4, 3, 2), (5, 3, 2, 2), stride=3, padding=2, output_padding=2)
conv_transpose("transpose-dilated", (1, 4, 3, 2), (3, 2, 2, 2), stride=2, padding=1, output_padding=1, dilation=2)
conv_transpose("transpose-groups", (2, 3, 3, 4), (4, 4, 3, 4), stride=2, padding=1, groups=2)
conv_transpose("transpose-from-one", (3, 1, 1, 2), (4, 4, 3, 2))
conv_transpose("transpose-1d", (1, 6, 2), (25, 3, 2), stride=4, padding=11, output_padding=1)

picture = torch.randn(2, 6, 9, 3)
case("mean-pool", lambda x: last(F.avg_pool2d(first(x), 3)), picture)
case("mean-pool-padded", lambda x: last(F.avg_pool2d(first(x), 3, stride=2, padding=1)), picture)
case("max-pool", lambda x: last(F.max_pool2d(first(x), 3)), picture)
case("max-pool-padded", lambda x: last(F.max_pool2d(first(x), 4, stride=2, padding=2)), picture)
case("max-pool-ties", lambda x: last(F.max_pool2d(first(x), 3, stride=2, padding=1)), torch.randint(0, 2, (2, 6, 9, 3)).double() + 1)

small = torch.randn(2, 3, 4, 2)
case("nearest", lambda x: last(F.interpolate(first(x), scale_factor=3, mode="nearest")), small)
case("bilinear-2", lambda x: last(F.interpolate(first(x), scale_factor=2, mode="bilinear", align_corners=False)), small)
case("bilinear-3", lambda x: last(F.interpolate(first(x), scale_factor=3, mode="bilinear", align_corners=False)), small)
case("bilinear-one", lambda x: last(F.interpolate(first(x), scale_factor=2, mode="bilinear", align_corners=False)), torch.randn(1, 1, 3, 2))

logits = torch.cat([torch.randn(3, 4), torch.tensor([[0.0, 30.0, -30.0, 700.0]])])
probabilities = torch.rand(4, 4)
classes = torch.softmax(torch.randn(4, 4), -1)
case("relu", F.relu, logits)
case("leaky-relu", lambda x: F.leaky_relu(x, 0.2), logits)
case("softplus", lambda x: -F.logsigmoid(-x), logits)  # F.softplus turns linear above 20
case("log-sigmoid", F.logsigmoid, logits)
case("log-sum-exp", lambda x: torch.logsumexp(x, -1), logits)
case("sigmoid-cross-entropy", lambda x, y: F.binary_cross_entropy_with_logits(x, y, reduction="none"), logits, probabilities)
case("softmax-cross-entropy", lambda x, y: F.cross_entropy(x, y, reduction="none"), logits, classes)
case("clamp", lambda x: torch.clamp(x, -0.5, 0.7), logits)

save_file({k: v.detach().clone(memory_format=torch.contiguous_format) for k, v in numbers.items()}, "torch.safetensors", {"torch": torch.__version__})
