"""JAX on the CPU: a round of DCGAN as one jitted function, the same as torch_games.dcgan."""
import gc

import jax
import jax.numpy as jnp
from jax import lax

BATCH, LATENT, SIDE, FILTERS, CHANNELS, BATCHES = 64, 100, 64, 64, 3, 4
RATE, BETA1, BETA2 = 2e-4, 0.5, 0.999
NHWC = ("NHWC", "HWIO", "NHWC")


def set_threads(threads):
    pass  # by the CPUs that the process may run on, see worker.py


def about():
    import jaxlib

    return f"jax {jax.__version__}, jaxlib {jaxlib.__version__}, {jax.devices()[0].device_kind}"


def conv(x, w, stride, pad):
    return lax.conv_general_dilated(x, w, (stride, stride), [(pad, pad)] * 2, dimension_numbers=NHWC)


def conv_transpose(x, w, stride, pad):
    """What 4x4 transposed convolutions of PyTorch with this padding make: w is [4, 4, in, out]."""
    around = w.shape[0] - 1 - pad
    return lax.conv_transpose(x, w, (stride, stride), [(around, around)] * 2, dimension_numbers=NHWC)


def normalise(x, weights, statistics):
    """Batch norm, and the running statistics that follow the batch's."""
    mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
    places = x.size / x.shape[-1]
    followed = {"mean": 0.9 * statistics["mean"] + 0.1 * mean, "variance": 0.9 * statistics["variance"] + 0.1 * variance * places / (places - 1)}
    a = weights["scale"] * lax.rsqrt(variance + 1e-5)
    return x * a + (weights["shift"] - mean * a), followed


def leaky(x):
    return jnp.where(x > 0, x, 0.2 * x)


def generate(weights, statistics, z):
    x, followed = z[:, None, None, :], []
    for i, layer in enumerate(weights["up"]):
        x = conv_transpose(x, layer["kernel"], 1 if i == 0 else 2, 0 if i == 0 else 1)
        x, s = normalise(x, layer, statistics[i])
        followed.append(s)
        x = jax.nn.relu(x)
    return jnp.tanh(conv_transpose(x, weights["out"], 2, 1)), followed


def criticise(weights, statistics, x):
    x, followed = leaky(conv(x, weights["in"], 2, 1)), []
    for i, layer in enumerate(weights["down"]):
        x, s = normalise(conv(x, layer["kernel"], 2, 1), layer, statistics[i])
        followed.append(s)
        x = leaky(x)
    return conv(x, weights["out"], 1, 0).reshape(-1), followed


def adam(weights, gradients, state):
    steps = state["steps"] + 1
    m = jax.tree.map(lambda m, g: BETA1 * m + (1 - BETA1) * g, state["m"], gradients)
    v = jax.tree.map(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, state["v"], gradients)
    a, b = 1 - BETA1**steps, 1 - BETA2**steps
    weights = jax.tree.map(lambda w, m, v: w - RATE * (m / a) / (jnp.sqrt(v / b) + 1e-8), weights, m, v)
    return weights, {"steps": steps, "m": m, "v": v}


def play(state, real, key):
    """One round: D on real and generated records, then G on the same generated ones with D as it is now."""
    G, D, GS, DS = state["G"], state["D"], state["GS"], state["DS"]
    z = jax.random.normal(key, (BATCH, LATENT))
    fake, back, GS = jax.vjp(lambda g: generate(g, GS, z), G, has_aux=True)

    def loss_D(d):
        on_real, s = criticise(d, DS, real)
        on_fake, s = criticise(d, s, lax.stop_gradient(fake))
        return jax.nn.softplus(-on_real).mean() + jax.nn.softplus(on_fake).mean(), s

    gradients, DS = jax.grad(loss_D, has_aux=True)(D)
    D, adam_D = adam(D, gradients, state["adam_D"])

    def loss_G(x):
        on_fake, s = criticise(D, DS, x)
        return jax.nn.softplus(-on_fake).mean(), s

    by_fake, DS = jax.grad(loss_G, has_aux=True)(fake)
    G, adam_G = adam(G, back(by_fake)[0], state["adam_G"])
    decay = jnp.minimum(0.999, (1 + state["rounds"]) / (10 + state["rounds"]))
    average = jax.tree.map(lambda a, w: decay * a + (1 - decay) * w, state["average"], G)
    return {"G": G, "D": D, "GS": GS, "DS": DS, "adam_G": adam_G, "adam_D": adam_D, "average": average, "averaged_statistics": GS, "rounds": state["rounds"] + 1}


def first(key):
    keys = iter(jax.random.split(key, 16))

    def kernel(*shape):
        return 0.02 * jax.random.normal(next(keys), shape)

    def layer(*shape):
        return {"kernel": kernel(*shape), "scale": jnp.ones(shape[-1]), "shift": jnp.zeros(shape[-1])}

    def statistics(layers):
        return [{"mean": jnp.zeros_like(l["scale"]), "variance": jnp.ones_like(l["scale"])} for l in layers]

    def moments(weights):
        return {"steps": jnp.zeros(()), "m": jax.tree.map(jnp.zeros_like, weights), "v": jax.tree.map(jnp.zeros_like, weights)}

    widths = [FILTERS, 2 * FILTERS, 4 * FILTERS, 8 * FILTERS]
    up = [LATENT] + widths[::-1]
    G = {"up": [layer(4, 4, a, b) for a, b in zip(up, up[1:])], "out": kernel(4, 4, FILTERS, CHANNELS)}
    D = {"in": kernel(4, 4, CHANNELS, FILTERS), "down": [layer(4, 4, a, b) for a, b in zip(widths, widths[1:])], "out": kernel(4, 4, widths[-1], 1)}
    GS, DS = statistics(G["up"]), statistics(D["down"])
    copy = jax.tree.map(jnp.copy, (G, GS))
    return {"G": G, "D": D, "GS": GS, "DS": DS, "adam_G": moments(G), "adam_D": moments(D), "average": copy[0], "averaged_statistics": copy[1], "rounds": jnp.zeros(())}


def open_work(work):
    if work["work"] != "round" or work["game"] != "dcgan":
        raise NotImplementedError(f"{work['work']} {work.get('game', '')}")
    key = jax.random.key(0)
    state = first(key)
    records = [2 * jax.random.uniform(jax.random.fold_in(key, i), (BATCH, SIDE, SIDE, CHANNELS)) - 1 for i in range(BATCHES)]
    step = jax.jit(play, donate_argnums=0)
    at = {"state": state, "round": 0}

    def run():
        i = at["round"]
        at["state"], at["round"] = step(at["state"], records[i % BATCHES], jax.random.fold_in(key, 100 + i)), i + 1
        jax.block_until_ready(at["state"])

    return run


def forget():
    gc.collect()
