"""Sparse coding's peers: scikit-learn and SPAMS, and a double-precision FISTA that only counts steps."""

from importlib.metadata import version

import numpy
import scipy
import sklearn

from .encoders import ENCODERS
from .fista import fista_curve
from .learners import LEARNERS

__all__ = ["CURVES", "ENCODERS", "LEARNERS", "versions"]

CURVES = {"fista": fista_curve}


def versions():
    return {
        "scikit-learn": sklearn.__version__,
        "SPAMS": version("spams-bin"),
        "numpy": numpy.__version__,
        "scipy": scipy.__version__,
    }
