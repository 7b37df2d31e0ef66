"""Ours keeps kernels [m, h, w(, c)] and codes [m, h', w']; each peer has an order of its own."""

from contextlib import contextmanager

import numexpr
import numpy
import sporco.fft
from threadpoolctl import threadpool_limits


def sporco_kernels(kernels):
    """[h, w(, c), m]"""
    return numpy.ascontiguousarray(numpy.moveaxis(kernels, 0, -1))


def our_kernels(kernels):
    """From SPORCO's [h, w(, c), m], with any axes of length one between."""
    return numpy.moveaxis(numpy.squeeze(kernels), -1, 0)


def our_codes(maps):
    """From SPORCO's [h, w, channels = 1, images = 1, m]."""
    return numpy.moveaxis(maps.reshape(maps.shape[0], maps.shape[1], -1), -1, 0)


@contextmanager
def sporco_threads(threads):
    """SPORCO's transforms, its expressions and its products each have their own number of threads."""
    sporco.fft.pyfftw_threads = threads
    numexpr.set_num_threads(threads)
    with threadpool_limits(threads):
        yield
