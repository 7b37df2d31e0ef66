"""The variational auto-encoder 784-400-20-400-784 as PyTorch's users write it, with everything on that makes it fast.

Real-valued pixels, the sum of binary cross-entropy and KL a batch, Adam 1e-3. The images lie in one tensor; a batch is
gathered from it by a permutation, which is inside the clock, as copying a batch is on the other side.
"""

import torch
from torch import nn
from torch.nn import functional

from .training import Training


class Autoencoder(nn.Module):
    """Both heads of the encoder are one layer: mean and log-variance, side by side."""

    def __init__(self, pixels, hidden, latent):
        super().__init__()
        self.encoder = nn.Linear(pixels, hidden)
        self.heads = nn.Linear(hidden, 2 * latent)
        self.decoder = nn.Linear(latent, hidden)
        self.pixels = nn.Linear(hidden, pixels)

    def loss(self, images, noise):
        mean, log_variance = self.heads(functional.relu(self.encoder(images))).chunk(2, dim=1)
        code = mean + noise * torch.exp(0.5 * log_variance)
        logits = self.pixels(functional.relu(self.decoder(code)))
        cross_entropy = functional.binary_cross_entropy_with_logits(logits, images, reduction="sum")
        divergence = -0.5 * torch.sum(1 + log_variance - mean.square() - log_variance.exp())
        return cross_entropy + divergence


class AutoencoderLearner(Training):
    """Passes follow each other, each in an order of its own; a pass ends with a batch as small as it comes."""

    def __init__(self, observations, batch, hidden, latent, rate, threads, seed, compiled):
        super().__init__(threads, seed)
        self.images, self.batch, self.latent, self.order = torch.from_numpy(observations), batch, latent, []
        self.start(Autoencoder(observations.shape[1], hidden, latent), rate, compiled)

    def inputs(self, step):
        if len(self.order) == 0:
            self.order = torch.randperm(len(self.images))
        taken, self.order = self.order[: self.batch], self.order[self.batch :]
        return self.with_noise(self.images[taken])

    def warm_up_inputs(self):
        """A batch of each size that comes: the compiler specializes on sizes."""
        sizes = {self.batch, len(self.images) % self.batch or self.batch}
        return [self.with_noise(self.images[:size]) for size in sorted(sizes)]

    def with_noise(self, images):
        return images, torch.randn(len(images), self.latent)
