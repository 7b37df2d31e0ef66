"""The convolutional sparse auto-encoder (Kavukcuoglu et al. 2010) in PyTorch:

    E(y, z) = ½ Σₚ wₚ (y − Σᵢ Dᵢ * zᵢ)²ₚ + λ‖z‖₁ + ½‖z − Enc(y)‖²,   Enc(y) = g ∘ tanh(F ⋆ y + b).

Codes of a batch come from FISTA that starts at the encoder's guess, with step 1 / (L + 1) of a bound L by the kernels' spectrum;
kernels and encoder then take a step of Adam, and kernels return to norm 1.
"""

import math

import torch
from torch import nn
from torch.nn.functional import conv2d, conv_transpose2d

from .training import Training

OVERSAMPLING = 8


def covered(size, kernel):
    """How many positions of a kernel cover each place of an axis."""
    places = torch.arange(size)
    return torch.clamp(places, max=size - kernel) - torch.clamp(places - kernel + 1, min=0) + 1


def shrink(v, threshold):
    return v - torch.maximum(torch.minimum(v, threshold), -threshold)


class ConvolutionalAutoencoder(nn.Module):
    def __init__(self, kernels, filters, penalty, side, inference_steps):
        super().__init__()
        maps, size = len(kernels), kernels.shape[-1]
        self.kernels = nn.Parameter(torch.from_numpy(kernels).reshape(maps, 1, size, size).clone())
        self.filters = nn.Parameter(torch.from_numpy(filters).reshape(maps, 1, size, size).clone())
        self.bias = nn.Parameter(torch.zeros(maps))
        self.gain = nn.Parameter(torch.ones(maps))
        self.penalty, self.inference_steps = penalty, inference_steps
        self.samples = OVERSAMPLING * (size - 1)
        self.excess = math.cos(math.pi * (size - 1) / self.samples) ** 2
        along = covered(side, size).float() / size
        self.register_buffer("weights", torch.outer(along, along))

    @torch.no_grad()
    def codes(self, y, guess):
        kernels = self.kernels
        spectrum = torch.fft.rfft2(kernels, s=(self.samples, self.samples)).abs().square().sum((0, 1))
        step = 1 / (spectrum.max() / self.excess + 1)
        threshold = step * self.penalty
        before = z = guess
        decoded_before = decoded = conv_transpose2d(z, kernels)
        t, momentum = 1.0, 0.0
        for i in range(self.inference_steps):
            ahead = z + momentum * (z - before) if momentum else z
            missed = y - (decoded + momentum * (decoded - decoded_before) if momentum else decoded)
            moved = torch.lerp(ahead, guess, step) + conv2d(self.weights * missed, step * kernels)
            before, z = z, shrink(moved, threshold)
            if i == self.inference_steps - 1:
                break
            decoded_before, decoded = decoded, conv_transpose2d(z, kernels)
            after = (1 + math.sqrt(1 + 4 * t * t)) / 2
            t, momentum = after, (t - 1) / after
        return z

    def loss(self, y):
        gain = self.gain[:, None, None]
        guess = gain * torch.tanh(conv2d(y, self.filters, self.bias))
        z = self.codes(y, guess.detach())
        missed = y - conv_transpose2d(z, self.kernels)
        cost = 0.5 * (self.weights * missed.square()).sum()
        return (cost + self.penalty * z.abs().sum() + 0.5 * (z - guess).square().sum()) / len(y)


class ConvolutionalAutoencoderLearner(Training):
    """Batches are consecutive crops, pass after pass: the caller hands the same ones to everyone."""

    def __init__(self, crops, kernels, filters, penalty, inference_steps, batch, rate, threads, compiled):
        super().__init__(threads, seed=0)
        self.crops, self.batch = torch.from_numpy(crops)[:, None], batch
        self.batches = len(crops) // batch
        model = ConvolutionalAutoencoder(kernels, filters, penalty, crops.shape[-1], inference_steps)
        self.start(model, rate, compiled)
        self.optimizer.register_step_post_hook(self.unit_norm)

    @torch.no_grad()
    def unit_norm(self, *_):
        kernels = self.model.kernels
        kernels /= kernels.square().sum((1, 2, 3), keepdim=True).sqrt()

    def inputs(self, step):
        at = step % self.batches * self.batch
        return (self.crops[at : at + self.batch],)

    def warm_up_inputs(self):
        return [self.inputs(0)]
