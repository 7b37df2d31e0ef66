"""SPORCO's dictionary learners on images of one size [n, h, w], at the settings of its example notebooks.

`advance(steps)` goes on to a number of steps (alternations, or images) and gives the seconds from the start and the `kernels`
[m, h, w]. Both keep kernels at unit norm. FFTW plans its transforms in a warm-up outside the clock.
"""

from time import perf_counter

import pyfftw  # noqa: F401  SPORCO asks that it comes first
import numpy
from sporco.dictlrn import cbpdndl, onlinecdl

from .layout import our_kernels, sporco_threads


class Learner:
    def __init__(self, observations, penalty, count, size, threads, seed):
        self.images = numpy.ascontiguousarray(numpy.moveaxis(observations, 0, -1))
        self.penalty, self.threads, self.seed = penalty, threads, seed
        self.random = numpy.random.default_rng(seed)
        self.initial = self.random.standard_normal((size, size, count)).astype(numpy.float32)
        self.steps, self.seconds, self.learner = 0, 0.0, None
        with sporco_threads(threads):
            warm = self.make()
            self.step(warm, 1)

    def advance(self, steps):
        with sporco_threads(self.threads):
            start = perf_counter()
            if self.learner is None:
                self.learner = self.make()
            if steps > self.steps:
                self.step(self.learner, steps - self.steps)
            self.seconds += perf_counter() - start
        self.steps = steps
        return self.seconds, {"kernels": our_kernels(self.learner.getdict())}


class Batch(Learner):
    """ConvBPDNDictLearn with ADMM for codes and consensus ADMM for kernels, one iteration of each in turn."""

    def make(self):
        options = {
            "CBPDN": {"rho": 50 * self.penalty + 0.5, "HighMemSolve": True},
            "CCMOD": {"rho": 10.0},
        }
        options = cbpdndl.ConvBPDNDictLearn.Options(options, dmethod="cns")
        return cbpdndl.ConvBPDNDictLearn(self.initial, self.images, self.penalty, options, dmethod="cns")

    @staticmethod
    def step(learner, steps):
        learner.opt["MaxMainIter"] = steps
        learner.solve()


class Online(Learner):
    """OnlineConvBPDNDictLearn: fifty iterations of ADMM for the codes of a random image, then a gradient step of the kernels."""

    def make(self):
        options = {
            "CBPDN": {
                "rho": 3.0,
                "AutoRho": {"Enabled": False},
                "RelaxParam": 1.0,
                "RelStopTol": 1e-7,
                "MaxMainIter": 50,
                "FastSolve": True,
                "DataType": numpy.float32,
            },
            "eta_a": 10.0,
            "eta_b": 20.0,
            "DataType": numpy.float32,
        }
        options = onlinecdl.OnlineConvBPDNDictLearn.Options(options)
        return onlinecdl.OnlineConvBPDNDictLearn(self.initial, self.penalty, options)

    def step(self, learner, steps):
        for _ in range(steps):
            learner.solve(self.images[..., [self.random.integers(self.images.shape[-1])]])


LEARNERS = {"sporco-batch": Batch, "sporco-online": Online}
