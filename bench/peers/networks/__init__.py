"""The peers of everything with a network in it: PyTorch on the CPU."""

from functools import partial

import numpy
import torch

from .autoencoder import AutoencoderLearner
from .convolutional_autoencoder import ConvolutionalAutoencoderLearner
from .fista import ENCODERS
from .lista import ListaLearner

__all__ = ["CURVES", "ENCODERS", "LEARNERS", "versions"]

CURVES = {}
LEARNERS = {
    "autoencoder": partial(AutoencoderLearner, compiled=False),
    "autoencoder-compiled": partial(AutoencoderLearner, compiled=True),
    "conv-autoencoder": partial(ConvolutionalAutoencoderLearner, compiled=False),
    "conv-autoencoder-compiled": partial(ConvolutionalAutoencoderLearner, compiled=True),
    "lista": partial(ListaLearner, compiled=False),
    "lista-compiled": partial(ListaLearner, compiled=True),
}

# What a careful user switches on: numbers too small for the processor's fast path count as zero. No result here needs them.
torch.set_flush_denormal(True)


def versions():
    return {"PyTorch": torch.__version__, "numpy": numpy.__version__}
