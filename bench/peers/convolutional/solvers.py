"""SPORCO's solvers of ½‖s − Σ d * x‖² + λ‖x‖₁ with circular convolution, single precision, at the settings that were found fastest.

`advance(steps)` goes on to a number of iterations and gives the seconds from the start, the solver's making included, and the
`codes` [m, h, w]. FFTW plans its transforms in a warm-up outside the clock; statistics that no step needs are off.
"""

from time import perf_counter

import pyfftw  # noqa: F401  SPORCO asks that it comes first
import numpy
from sporco.admm import cbpdn as admm
from sporco.pgm import cbpdn as pgm
from sporco.pgm.backtrack import BacktrackRobust

from .layout import our_codes, sporco_kernels, sporco_threads


class Sporco:
    """`make(kernels, image, penalty, iterations, single)` builds a solver; `single` is 0 for an image, None for one with channels."""

    def __init__(self, make, observation, kernels, penalty, threads, **settings):
        self.threads, self.steps, self.seconds, self.solver = threads, 0, 0.0, None
        kernels = sporco_kernels(kernels)
        self.make = lambda: make(kernels, observation, penalty, **settings)
        with sporco_threads(threads):
            self.run(self.make(), 2)

    @staticmethod
    def run(solver, iterations):
        solver.opt["MaxMainIter"] = iterations
        solver.solve()

    def advance(self, steps):
        with sporco_threads(self.threads):
            start = perf_counter()
            if self.solver is None:
                self.solver = self.make()
            if steps > self.steps:
                self.run(self.solver, steps - self.steps)
            self.seconds += perf_counter() - start
        self.steps = steps
        return self.seconds, {"codes": our_codes(self.solver.getcoef())}


def make_admm(kernels, observation, penalty, rho=200.0):
    """`rho` times λ is where the penalty parameter starts; it adapts from there, as it does by default."""
    options = {"FastSolve": True, "RelStopTol": 0.0, "HighMemSolve": True, "rho": rho * penalty}
    return admm.ConvBPDN(kernels, observation, penalty, admm.ConvBPDN.Options(options), dimK=0)


def make_pgm(kernels, observation, penalty, ease=10.0):
    """FISTA with robust backtracking, from a Lipschitz constant `ease` times too small: the sum of squares of the transformed kernels."""
    spectrum = numpy.abs(numpy.fft.rfft2(kernels, observation.shape[:2], axes=(0, 1))) ** 2
    lipschitz = float(spectrum.reshape(*spectrum.shape[:2], -1).sum(axis=-1).max())
    options = {"FastSolve": True, "RelStopTol": 0.0, "L": lipschitz / ease, "Backtrack": BacktrackRobust()}
    return pgm.ConvBPDN(kernels, observation, penalty, pgm.ConvBPDN.Options(options), dimK=0)


SOLVERS = {
    "sporco-admm": lambda **given: Sporco(make_admm, **given),
    "sporco-pgm": lambda **given: Sporco(make_pgm, **given),
}
