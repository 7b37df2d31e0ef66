"""Locally greedy coordinate descent where kernels lie wholly inside: DiCoDiLe for images, alphacsc for signals.

`advance(digits)` is a run of its own down to updates of at most 10^(−digits) and gives its seconds and the `codes`. What numba
compiles is compiled in a warm-up outside the clock.
"""

import contextlib
import io
from time import perf_counter

import numpy
from alphacsc.update_z_multi import update_z_multi
from dicodile.update_z.coordinate_descent import coordinate_descent
from threadpoolctl import threadpool_limits


class Greedy:
    """`solve(observation [c, …], kernels [m, c, …], tolerance)` gives maps [m, …]."""

    def __init__(self, solve, observation, kernels, spatial, warm):
        def channels_first(array, axis):
            return numpy.moveaxis(array, -1, axis) if array.ndim == axis + spatial + 1 else numpy.expand_dims(array, axis)

        self.observation = numpy.ascontiguousarray(channels_first(observation, 0))
        self.kernels = numpy.ascontiguousarray(channels_first(kernels, 1))
        self.solve = solve
        with threadpool_limits(1):
            solve(self.observation[(slice(None),) + (slice(0, warm),) * spatial], self.kernels, 1e-1)

    def advance(self, digits):
        with threadpool_limits(1):
            start = perf_counter()
            codes = self.solve(self.observation, self.kernels, 10.0**-digits)
            return perf_counter() - start, {"codes": codes}


def dicodile(observation, kernels, penalty):
    """Single precision where it keeps it: its codes and products are double whatever it is given."""

    def solve(image, atoms, tolerance):
        with contextlib.redirect_stdout(io.StringIO()):  # it tells of every run
            return coordinate_descent(image, atoms, penalty, tol=tolerance, max_iter=10**9)[0]

    return Greedy(solve, observation, kernels, spatial=2, warm=4 * kernels.shape[1])


def alphacsc(observation, kernels, penalty):
    """Double precision, all it has; codes that are nowhere negative."""

    def solve(signal, atoms, tolerance):
        settings = {"tol": tolerance, "max_iter": 1e9}
        return update_z_multi(signal[None], atoms, penalty, solver="lgcd", solver_kwargs=settings)[0][0]

    double = [numpy.asarray(each, dtype=numpy.float64) for each in (observation, kernels)]
    return Greedy(solve, *double, spatial=1, warm=8 * kernels.shape[1])


GREEDY = {"dicodile-lgcd": dicodile, "alphacsc-lgcd": alphacsc}
