"""The games whose rounds are compared, in PyTorch: the same networks, losses, penalties, optimisers and averages as ganymede's models.

Where the paper resamples and convolves, so does this; weights are drawn as PyTorch draws them, which changes nothing about the time. Adam is
PyTorch's fused one, its fastest on a CPU, and the averages are one call for all weights. D is frozen in G's step: its weights get no gradient.
"""
import math

import torch
import torch.nn.functional as F
from torch import nn

BATCHES = 4  # of records that a round reads in turn


class Game:
    """What the rounds have in common: two players with Adam, averaged weights of G, records in memory, latents drawn each turn."""

    def __init__(self, generator, critic, layout, batch, latent, shape, rate, betas):
        self.G, self.D = generator.to(memory_format=layout), critic.to(memory_format=layout)
        self.average = [p.detach().clone() for p in self.G.parameters()]
        self.averaged_statistics = [b.clone() for b in self.G.buffers()]
        self.step_G = torch.optim.Adam(self.G.parameters(), rate, betas, fused=True)
        self.step_D = torch.optim.Adam(self.D.parameters(), rate, betas, fused=True)
        self.batch, self.latent, self.turn, self.rounds = batch, latent, 0, 0
        records = torch.rand(BATCHES * batch, *shape) * 2 - 1
        self.records = records.to(memory_format=layout) if len(shape) == 3 else records

    def real(self):
        start = self.turn % BATCHES * self.batch
        self.turn += 1
        return self.records[start : start + self.batch]

    def z(self):
        return torch.randn(self.batch, self.latent)

    def follow(self):
        """Averages follow the weights of G; statistics of batch norm are copied."""
        decay = min(0.999, (1 + self.rounds) / (10 + self.rounds))
        self.rounds += 1
        with torch.no_grad():
            torch._foreach_lerp_(self.average, list(self.G.parameters()), 1 - decay)
            for mine, now in zip(self.averaged_statistics, self.G.buffers()):
                mine.copy_(now)


# DCGAN at 64x64x3, batch 64: the authors' code, with 64 filters. Both players step on one generated batch.


def dcgan(layout, compile):
    game = Game(dcgan_generator(), dcgan_critic(), layout, 64, 100, (3, 64, 64), 2e-4, (0.5, 0.999))
    G, D = (torch.compile(game.G), torch.compile(game.D)) if compile else (game.G, game.D)

    def play():
        fake = G(game.z().view(-1, 100, 1, 1))
        game.step_D.zero_grad()
        (F.softplus(-D(game.real())).mean() + F.softplus(D(fake.detach())).mean()).backward()
        game.step_D.step()
        game.D.requires_grad_(False)
        game.step_G.zero_grad()
        F.softplus(-D(fake)).mean().backward()
        game.step_G.step()
        game.D.requires_grad_(True)
        game.follow()

    return play


def dcgan_generator(latent=100, filters=64, channels=3):
    widths = [8 * filters, 4 * filters, 2 * filters, filters]
    layers = [nn.ConvTranspose2d(latent, widths[0], 4, bias=False), nn.BatchNorm2d(widths[0]), nn.ReLU()]
    for a, b in zip(widths, widths[1:]):
        layers += [nn.ConvTranspose2d(a, b, 4, 2, 1, bias=False), nn.BatchNorm2d(b), nn.ReLU()]
    return nn.Sequential(*layers, nn.ConvTranspose2d(filters, channels, 4, 2, 1, bias=False), nn.Tanh())


def dcgan_critic(filters=64, channels=3):
    widths = [filters, 2 * filters, 4 * filters, 8 * filters]
    layers = [nn.Conv2d(channels, filters, 4, 2, 1, bias=False), nn.LeakyReLU(0.2)]
    for a, b in zip(widths, widths[1:]):
        layers += [nn.Conv2d(a, b, 4, 2, 1, bias=False), nn.BatchNorm2d(b), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, nn.Conv2d(widths[-1], 1, 4, bias=False), nn.Flatten(0))


# WGAN-GP's ResNet for 32x32x3 (appendix C, table 3), 128 filters, batch 64, five steps of the critic.


class Residual(nn.Module):
    """norm, ReLU, 3x3, norm, ReLU, 3x3, and a shortcut; resample is "up", "down" or ""."""

    def __init__(self, inputs, filters, resample, norm, first=False):
        super().__init__()
        self.resample, self.first = resample, first
        self.norm1 = nn.BatchNorm2d(inputs) if norm else nn.Identity()
        self.norm2 = nn.BatchNorm2d(filters) if norm else nn.Identity()
        self.conv1, self.conv2 = nn.Conv2d(inputs, filters, 3, padding=1), nn.Conv2d(filters, filters, 3, padding=1)
        self.project = nn.Conv2d(inputs, filters, 1) if resample or inputs != filters else nn.Identity()

    def forward(self, x):
        y = x if self.first else F.relu(self.norm1(x))
        if self.resample == "up":
            y = F.interpolate(y, scale_factor=2)
        y = self.conv2(F.relu(self.norm2(self.conv1(y))))
        if self.resample == "up":
            return y + F.interpolate(self.project(x), scale_factor=2)
        if self.resample == "down":
            return F.avg_pool2d(y, 2) + self.project(F.avg_pool2d(x, 2))
        return y + self.project(x)


def resnet_generator(filters, latent):
    blocks = [Residual(filters, filters, "up", True) for _ in range(3)]
    return nn.Sequential(
        nn.Linear(latent, 16 * filters), nn.Unflatten(1, (filters, 4, 4)), *blocks,
        nn.BatchNorm2d(filters), nn.ReLU(), nn.Conv2d(filters, 3, 3, padding=1), nn.Tanh(),
    )


class ResnetCritic(nn.Module):
    def __init__(self, filters):
        super().__init__()
        self.blocks = nn.Sequential(
            Residual(3, filters, "down", False, first=True), Residual(filters, filters, "down", False),
            Residual(filters, filters, "", False), Residual(filters, filters, "", False), nn.ReLU(),
        )
        self.out = nn.Linear(filters, 1)

    def forward(self, x):
        return self.out(self.blocks(x).mean((2, 3))).view(-1)


def wgangp(layout, compile):
    game = Game(resnet_generator(128, 128), ResnetCritic(128), layout, 64, 128, (3, 32, 32), 1e-4, (0.0, 0.9))

    def penalty(real, fake):
        epsilon = torch.rand(game.batch, 1, 1, 1)
        between = (epsilon * real + (1 - epsilon) * fake).requires_grad_(True)
        (slope,) = torch.autograd.grad(game.D(between).sum(), between, create_graph=True)
        return ((slope.square().sum((1, 2, 3)) + 1e-12).sqrt() - 1).square().mean()

    def play():
        for _ in range(5):
            real = game.real()
            with torch.no_grad():
                fake = game.G(game.z())
            game.step_D.zero_grad()
            (game.D(fake).mean() - game.D(real).mean() + 10 * penalty(real, fake)).backward()
            game.step_D.step()
        game.D.requires_grad_(False)
        game.step_G.zero_grad()
        (-game.D(game.G(game.z())).mean()).backward()
        game.step_G.step()
        game.D.requires_grad_(True)
        game.follow()

    return play


# One StyleGAN2 block a player (bench/block.go): 32x32x3, 128 channels, batch 16, R1 in every step.


def leaky(x):
    return F.leaky_relu(x, 0.2) * math.sqrt(2)


class Modulated(nn.Module):
    """A modulated convolution as the authors train it: activations are scaled before and after, the kernel is shared."""

    def __init__(self, inputs, filters, kernel, latent, demodulate=True):
        super().__init__()
        self.style = nn.Linear(latent, inputs)
        self.kernel = nn.Parameter(torch.randn(filters, inputs, kernel, kernel) / math.sqrt(inputs * kernel * kernel))
        self.bias = nn.Parameter(torch.zeros(filters))
        self.demodulate = demodulate

    def forward(self, x, w):
        style = self.style(w) + 1
        y = F.conv2d(x * style[:, :, None, None], self.kernel, padding=self.kernel.shape[2] // 2)
        if self.demodulate:
            scale = (style.square() @ self.kernel.square().sum((2, 3)).t() + 1e-8).rsqrt()
            y = y * scale[:, :, None, None]
        return y + self.bias[None, :, None, None]


class BlockGenerator(nn.Module):
    def __init__(self, channels, latent):
        super().__init__()
        self.map = nn.Linear(latent, latent)
        self.start = nn.Parameter(torch.randn(1, channels, 16, 16))
        self.convs = nn.ModuleList(Modulated(channels, channels, 3, latent) for _ in range(3))
        self.rgb = Modulated(channels, 3, 1, latent, demodulate=False)

    def forward(self, z):
        w = leaky(self.map(z))
        x = leaky(self.convs[0](self.start.expand(len(z), -1, -1, -1), w))
        x = F.interpolate(x, scale_factor=2)
        x = leaky(self.convs[1](x, w))
        x = leaky(self.convs[2](x, w))
        return self.rgb(x, w)


class BlockCritic(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.rgb = nn.Conv2d(3, channels, 1)
        self.conv0, self.conv2 = (nn.Conv2d(channels, channels, 3, padding=1) for _ in range(2))
        self.conv1 = nn.Conv2d(channels, channels, 3, 2, 1)
        self.skip = nn.Conv2d(channels, channels, 1, bias=False)
        self.out = nn.Linear(channels, 1)

    def forward(self, x):
        x = leaky(self.rgb(x))
        y = leaky(self.conv1(leaky(self.conv0(x))))
        x = (y + self.skip(F.avg_pool2d(x, 2))) * math.sqrt(0.5)
        return self.out(leaky(self.conv2(x)).mean((2, 3))).view(-1)


def block(layout, compile):
    game = Game(BlockGenerator(128, 128), BlockCritic(128), layout, 16, 128, (3, 32, 32), 2e-3, (0.0, 0.99))

    def play():
        real = game.real().detach().requires_grad_(True)
        with torch.no_grad():
            fake = game.G(game.z())
        game.step_D.zero_grad()
        on_real = game.D(real)
        (slope,) = torch.autograd.grad(on_real.sum(), real, create_graph=True)
        r1 = slope.square().sum((1, 2, 3)).mean() / 2
        (F.softplus(-on_real).mean() + F.softplus(game.D(fake)).mean() + 10 * r1).backward()
        game.step_D.step()
        game.D.requires_grad_(False)
        game.step_G.zero_grad()
        F.softplus(-game.D(game.G(game.z()))).mean().backward()
        game.step_G.step()
        game.D.requires_grad_(True)
        game.follow()

    return play


# The vanilla GAN on 28x28 pictures: perceptrons with two hidden layers of 256, batch 128.


def vanilla(layout, compile):
    G = nn.Sequential(nn.Linear(100, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 784), nn.Tanh())
    D = nn.Sequential(nn.Linear(784, 256), nn.LeakyReLU(0.2), nn.Linear(256, 256), nn.LeakyReLU(0.2), nn.Linear(256, 1), nn.Flatten(0))
    game = Game(G, D, torch.contiguous_format, 128, 100, (784,), 2e-4, (0.5, 0.999))

    def play():
        with torch.no_grad():
            fake = G(game.z())
        game.step_D.zero_grad()
        (F.softplus(-D(game.real())).mean() + F.softplus(D(fake)).mean()).backward()
        game.step_D.step()
        D.requires_grad_(False)
        game.step_G.zero_grad()
        F.softplus(-D(G(game.z()))).mean().backward()
        game.step_G.step()
        D.requires_grad_(True)
        game.follow()

    return play


# One residual block of CycleGAN's generator (bench/row_block.go), forward and backward.


def residual(batch, layout, channels=64, side=64):
    def conv():
        return [nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3), nn.InstanceNorm2d(channels)]

    inner = nn.Sequential(*conv(), nn.ReLU(), *conv()).to(memory_format=layout)
    x = torch.rand(batch, channels, side, side).to(memory_format=layout).requires_grad_(True)
    dy = torch.rand(batch, channels, side, side).to(memory_format=layout)
    weights = [x, *inner.parameters()]

    def run():
        torch.autograd.grad(x + inner(x), weights, dy)

    return run


def round_of(game, layout, compile):
    return {"dcgan": dcgan, "wgangp": wgangp, "block": block, "vanilla": vanilla}[game](layout, compile)


def samples_of(game, layout, batch):
    """Pictures of DCGAN's generator with its running statistics, from given latents."""
    if game != "dcgan":
        raise NotImplementedError(game)
    G = dcgan_generator().to(memory_format=layout).eval()
    z = torch.randn(batch, 100, 1, 1)

    def make():
        with torch.inference_mode():
            G(z)

    return make
