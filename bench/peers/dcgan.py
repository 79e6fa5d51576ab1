"""One round of DCGAN in PyTorch eager, the same function as `ganymede train --model dcgan`: both players step on one generated batch, D
is frozen in G's step (no gradient of its weights), Adam, batch norm, 4x4 kernels without bias, averaged weights of G.

    python dcgan.py SIDE CHANNELS FILTERS BATCH THREADS ROUNDS [channels_last]

prints the seconds of each round after three that are not counted, one a line.
"""
import sys
import time

import torch
from torch import nn

side, channels, filters, batch, threads, rounds = map(int, sys.argv[1:7])
layout = torch.channels_last if sys.argv[7:] == ["channels_last"] else torch.contiguous_format
torch.set_num_threads(threads)
torch.manual_seed(0)

widths, half = [], side // 2
while half >= 4:
    widths.append(filters * min(2 ** len(widths), 8))
    half //= 2
start = side
while start > 7:
    start //= 2


def block(x):
    return [x, nn.BatchNorm2d(x.out_channels)]


generator = block(nn.ConvTranspose2d(100, widths[-1], start, bias=False)) + [nn.ReLU()]
for a, b in zip(widths[::-1], widths[-2::-1]):
    generator += block(nn.ConvTranspose2d(a, b, 4, 2, 1, bias=False)) + [nn.ReLU()]
generator += [nn.ConvTranspose2d(widths[0], channels, 4, 2, 1, bias=False), nn.Tanh()]
critic = [nn.Conv2d(channels, widths[0], 4, 2, 1, bias=False), nn.LeakyReLU(0.2)]
for a, b in zip(widths, widths[1:]):
    critic += block(nn.Conv2d(a, b, 4, 2, 1, bias=False)) + [nn.LeakyReLU(0.2)]
critic += [nn.Conv2d(widths[-1], 1, start, bias=False)]
G, D = (nn.Sequential(*layers).to(memory_format=layout) for layers in (generator, critic))
average = torch.optim.swa_utils.AveragedModel(G, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.999))
step_g = torch.optim.Adam(G.parameters(), 2e-4, (0.5, 0.999))
step_d = torch.optim.Adam(D.parameters(), 2e-4, (0.5, 0.999))
bce = nn.BCEWithLogitsLoss()
one, zero = torch.ones(batch), torch.zeros(batch)

for i in range(rounds + 3):
    real = torch.rand(batch, channels, side, side).to(memory_format=layout) * 2 - 1
    begin = time.perf_counter()
    fake = G(torch.randn(batch, 100, 1, 1))
    step_d.zero_grad()
    (bce(D(real).view(-1), one) + bce(D(fake.detach()).view(-1), zero)).backward()
    step_d.step()
    D.requires_grad_(False)
    step_g.zero_grad()
    bce(D(fake).view(-1), one).backward()
    step_g.step()
    D.requires_grad_(True)
    average.update_parameters(G)
    if i >= 3:
        print(time.perf_counter() - begin, flush=True)
