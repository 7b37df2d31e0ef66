"""min over z of ½‖y − Wz‖² + λ‖z‖₁ for many observations at once: FISTA as an expert writes it in PyTorch.

In the Gram form: Wᵀy once, and one product with G = WᵀW a step. Momentum restarts an observation at a time where it points
uphill (O'Donoghue and Candès 2015, the gradient scheme). Every few steps the duality gap, for which the product at hand is all
it takes, lets the converged observations go and the next ones in, so that a block stays full and stays in the cache.
"""

from functools import cache
from time import perf_counter

import torch

#: Observations a block, and steps between two looks at the gap.
BLOCK, LOOK = 512, 10
#: Steps after which an observation is given up: single precision cannot always tell a gap this small. The judge sees the mean.
LIMIT = 2_000


def relative_gap(z, correlations, products, squares, penalty):
    """(P − D) / P of each row, from Wᵀr, Wᵀy and ‖y‖²: with the residual scaled by s into the dual's feasible set, the gap is
    ½(1 − s)²‖r‖² + λ‖z‖₁ − s zᵀWᵀr."""
    inner = (z * correlations).sum(dim=1)
    residual = squares - (z * products).sum(dim=1) - inner
    absolute = penalty * z.abs().sum(dim=1)
    scale = (penalty / correlations.abs().amax(dim=1)).clamp(max=1)
    gap = 0.5 * (1 - scale).square() * residual + absolute - scale * inner
    return gap / (0.5 * residual + absolute)


def advance(z, ahead, t, moved, products, step, penalty):
    """One step from the point ahead, of which `moved` is the product with G: the next z, point ahead and t."""
    v = ahead + step * (products - moved)
    following = v - v.clamp(-step * penalty, step * penalty)
    difference = following - z
    uphill = ((ahead - following) * difference).sum(dim=1, keepdim=True) > 0
    t = torch.where(uphill, 1.0, t)
    t_following = 0.5 + torch.sqrt(0.25 + t * t)
    return following, following + (t - 1) / t_following * difference, t_following


def plain_product(gram):
    return lambda rows: rows @ gram


def packed_product(gram):
    """The operator to which PyTorch's compiler lowers layers with constant weights: on processors other than Intel's, oneDNN has
    twice the speed of the MKL behind `@`."""
    packed = torch.ops.mkldnn._reorder_linear_weight(gram, BLOCK)
    return lambda rows: torch.ops.mkldnn._linear_pointwise(rows, packed, None, "none", [], "")


@cache
def compiled(function):
    return torch.compile(function, dynamic=True)


def solve(observations, atoms, penalty, tolerance, product_with, advance, relative_gap):
    gram = atoms @ atoms.T
    step = 1 / torch.linalg.eigvalsh(gram)[-1].item()
    product = product_with(gram)
    all_products, all_squares = observations @ atoms.T, observations.square().sum(dim=1)
    codes = torch.empty_like(all_products)

    def enter(first, count):
        """The state of rows that start: which they are, steps done, z, the point ahead, its product with G, t, Wᵀy, ‖y‖²."""
        rows = torch.arange(first, min(first + count, len(observations)))
        zero = torch.zeros(len(rows), len(atoms))
        return rows, torch.zeros(len(rows)), zero, zero, zero, torch.ones(len(rows), 1), all_products[rows], all_squares[rows]

    state = enter(0, BLOCK)
    entered = len(state[0])
    while len(state[0]) > 0:
        rows, done, z, ahead, moved, t, products, squares = state
        for _ in range(LOOK):
            z, ahead, t = advance(z, ahead, t, moved, products, step, penalty)
            moved = product(ahead)
        done = done + LOOK
        goes_on = (relative_gap(ahead, products - moved, products, squares, penalty) > tolerance) & (done < LIMIT)
        state = rows, done, z, ahead, moved, t, products, squares
        if not goes_on.all():
            codes[rows[~goes_on]] = ahead[~goes_on]
            following = enter(entered, BLOCK - int(goes_on.sum()))
            entered += len(following[0])
            state = tuple(torch.cat((old[goes_on], new)) for old, new in zip(state, following))
    return codes


def encoder(product_with, compile_steps):
    """`setting`: the relative duality gap at which an observation is done."""

    def encode(rows, atoms, penalty, threads, setting):
        torch.set_num_threads(threads)
        parts = (compiled(advance), compiled(relative_gap)) if compile_steps else (advance, relative_gap)
        rows, atoms = torch.from_numpy(rows), torch.from_numpy(atoms)
        with torch.inference_mode():
            start = perf_counter()
            codes = solve(rows, atoms, penalty, setting, product_with, *parts)
            return perf_counter() - start, codes.numpy()

    return encode


ENCODERS = {
    "fista": encoder(plain_product, compile_steps=False),
    "fista-compiled": encoder(plain_product, compile_steps=True),
    "fista-packed": encoder(packed_product, compile_steps=True),
}
