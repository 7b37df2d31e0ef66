"""Convolutional sparse coding's peers: SPORCO, and locally greedy coordinate descent by alphacsc and DiCoDiLe."""

from importlib.metadata import version

from .dictionaries import DICTIONARIES
from .greedy import GREEDY
from .learners import LEARNERS as DICTIONARY_LEARNERS
from .published import PUBLISHED
from .solvers import SOLVERS

__all__ = ["CURVES", "ENCODERS", "LEARNERS", "versions"]

CURVES = {}
ENCODERS = {}
LEARNERS = {**SOLVERS, **GREEDY, **DICTIONARY_LEARNERS, **DICTIONARIES, **PUBLISHED}


def versions():
    packages = {"SPORCO": "sporco", "alphacsc": "alphacsc", "DiCoDiLe": "dicodile", "pyFFTW": "pyfftw", "numpy": "numpy"}
    return {name: version(package) for name, package in packages.items()}
