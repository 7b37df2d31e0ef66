"""The dictionaries and images that come with SPORCO."""

import numpy
from sporco import util

from .layout import our_kernels


class Dictionary:
    """`advance` gives `kernels` [m, h, w(, c)]."""

    def __init__(self, name):
        self.name = name

    def advance(self, steps):
        return 0.0, {"kernels": our_kernels(util.convdicts()[self.name])}


def photograph(name, rows=slice(None), columns=slice(None), **options):
    """[h, w(, 3)] in [0, 1]; `zoom` resamples and `gray` takes the colour out, in this order."""
    library = util.ExampleImages()
    return numpy.asarray(library.image(name, scaled=True, idxexp=(rows, columns), **options), dtype=numpy.float32)


DICTIONARIES = {"sporco-dictionary": Dictionary}
