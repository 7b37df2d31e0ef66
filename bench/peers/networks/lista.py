"""LISTA (Gregor and LeCun 2010) in PyTorch: z = shrink(We y, θ), then K times z ← shrink(We y + S z, θ).

It starts as ISTA: We = W / L, S = 1 − W Wᵀ / L, θ = λ / L, with atoms [k, m] the rows of W. All three are learned and shared by the
steps; the loss is the mean over a batch of ½‖z − z*‖².
"""

import torch
from torch import nn

from .training import Training


def shrink(v, threshold):
    return v - torch.clamp(v, -threshold, threshold)


class Lista(nn.Module):
    def __init__(self, atoms, penalty, steps):
        super().__init__()
        atoms = torch.from_numpy(atoms).double()
        gram = atoms @ atoms.T
        lipschitz = torch.linalg.eigvalsh(gram)[-1]
        self.steps = steps
        self.weight = nn.Parameter((atoms / lipschitz).float())
        self.inhibition = nn.Parameter((torch.eye(len(atoms)) - gram / lipschitz).float())
        self.threshold = nn.Parameter(torch.full((len(atoms),), float(penalty / lipschitz)))

    def codes(self, observations):
        drive = observations @ self.weight.T
        z = shrink(drive, self.threshold)
        for _ in range(self.steps):
            z = shrink(torch.addmm(drive, z, self.inhibition.T), self.threshold)
        return z

    def loss(self, observations, targets):
        return 0.5 * (self.codes(observations) - targets).square().sum() / len(observations)


class ListaLearner(Training):
    """Batches are consecutive rows, pass after pass: the caller has shuffled them, and hands the same rows to everyone."""

    def __init__(self, observations, targets, atoms, penalty, steps, batch, rate, threads, compiled):
        super().__init__(threads, seed=0)
        self.observations, self.targets, self.batch = torch.from_numpy(observations), torch.from_numpy(targets), batch
        self.batches = len(observations) // batch
        self.start(Lista(atoms, penalty, steps), rate, compiled)

    def inputs(self, step):
        at = step % self.batches * self.batch
        return self.observations[at : at + self.batch], self.targets[at : at + self.batch]

    def warm_up_inputs(self):
        return [self.inputs(0)]
