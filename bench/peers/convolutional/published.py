"""The four settings whose results SPORCO's example notebooks show: cbpdn_gry, cbpdn_clr_cd, cbpdn_md_gry and gwnden_gry.

`advance(0)` gives the problem: `observation`, `kernels` [m, h, w(, c)], `low` (what is added to a decoded observation) and
`reference` (the clean image), with `degraded`, `mask` or `weights` [m, h, w] where there are any. Any other `advance` solves it as the
notebook does, to its own stopping rule, and gives its seconds, `codes` and the `functional` that SPORCO itself states.
Padded problems are larger than their reference by `margin` pixels on every side.
"""

from time import perf_counter

import pyfftw  # noqa: F401  SPORCO asks that it comes first
import numpy
from sporco import signal, util
from sporco.admm import cbpdn, tvl2

from .dictionaries import photograph
from .layout import our_codes, our_kernels, sporco_threads

margin = 8


def extended(image, mode="symmetric"):
    return numpy.pad(image, margin, mode=mode)


class Published:
    """`pose()` gives the problem by the names above with SPORCO's `dictionary`; `solver(problem)` builds the notebook's."""

    def __init__(self, pose, solver, threads):
        self.threads, self.make = threads, solver
        with sporco_threads(threads):
            self.problem = pose()
        self.problem["kernels"] = our_kernels(self.problem["dictionary"])

    def advance(self, steps):
        if steps == 0:
            given = {name: array for name, array in self.problem.items() if name not in ("dictionary", "weights")}
            if "weights" in self.problem:
                given["weights"] = numpy.moveaxis(self.problem["weights"], -1, 0)
            return 0.0, given
        with sporco_threads(self.threads):
            start = perf_counter()
            solver = self.make(self.problem)
            solver.solve()
            seconds = perf_counter() - start
        stated = numpy.array([solver.getitstat().ObjFun[-1]], dtype=numpy.float32)
        return seconds, {"codes": our_codes(solver.getcoef()), "functional": stated}


def coded(dictionary, penalty, **image):
    """A crop of kodim23 above its Tikhonov low-pass."""

    def pose():
        reference = photograph("kodim23.png", slice(160, 416), slice(60, 316), **image)
        low, high = signal.tikhonov_filter(reference, 10, 16)
        return {"observation": high, "low": low, "reference": reference, "dictionary": util.convdicts()[dictionary]}

    def solver(problem):
        options = {"MaxMainIter": 200, "RelStopTol": 5e-3, "AuxVarObj": False}
        images = {"dimK": 0} if problem["observation"].ndim == 2 else {}
        return cbpdn.ConvBPDN(
            problem["dictionary"], problem["observation"], penalty, cbpdn.ConvBPDN.Options(options), **images
        )

    return pose, solver


def monarch():
    return photograph("monarch.png", columns=slice(160, 672), zoom=0.5, gray=True)


def inpainted(penalty):
    """Half of the pixels are missing; the low-pass is a total-variation denoising of what is left."""

    def pose():
        reference = monarch()
        numpy.random.seed(12345)
        observed = signal.rndmask(reference.shape, 0.5, dtype=numpy.float32)
        degraded = observed * reference
        mask, image = extended(observed, "constant"), extended(degraded)
        options = {"MaxMainIter": 200, "DFidWeight": mask, "gEvalY": False, "AutoRho": {"Enabled": True}}
        low = tvl2.TVL2Denoise(image, 0.05, tvl2.TVL2Denoise.Options(options)).solve()
        return {
            "observation": mask * (image - low),
            "mask": mask,
            "low": low,
            "reference": reference,
            "degraded": degraded,
            "dictionary": util.convdicts()["G:8x8x128"],
        }

    def solver(problem):
        options = {
            "MaxMainIter": 200,
            "HighMemSolve": True,
            "RelStopTol": 3e-2,
            "AuxVarObj": False,
            "RelaxParam": 1.8,
            "rho": 50 * penalty + 0.1,
            "AutoRho": {"Enabled": False, "StdResiduals": False},
        }
        return cbpdn.ConvBPDNMaskDcpl(
            problem["dictionary"],
            problem["observation"],
            penalty,
            problem["mask"],
            cbpdn.ConvBPDNMaskDcpl.Options(options),
        )

    return pose, solver


def denoised(penalty):
    """Noise of σ = 0.1; every coefficient is weighted by one over the square of its correlation with the image."""

    def pose():
        reference = monarch()
        numpy.random.seed(12345)
        degraded = reference + numpy.random.normal(0.0, 0.1, reference.shape).astype(numpy.float32)
        low, high = signal.tikhonov_filter(degraded, 5.0, 16)
        kernels = util.convdicts()["G:8x8x128"]
        image = signal.tikhonov_filter(extended(degraded), 5.0, 16)[1]
        spectrum = numpy.conj(numpy.fft.rfft2(kernels, image.shape, axes=(0, 1)))
        spectrum *= numpy.fft.rfft2(image)[..., None]
        correlations = numpy.fft.irfft2(spectrum, image.shape, axes=(0, 1))
        return {
            "observation": extended(high),
            "weights": (1 / numpy.maximum(correlations**2, 1e-8)).astype(numpy.float32),
            "low": extended(low),
            "reference": reference,
            "degraded": degraded,
            "dictionary": kernels,
        }

    def solver(problem):
        options = {
            "MaxMainIter": 250,
            "HighMemSolve": True,
            "RelStopTol": 3e-3,
            "AuxVarObj": False,
            "L1Weight": problem["weights"],
            "AutoRho": {"Enabled": False},
            "rho": 400 * penalty,
        }
        return cbpdn.ConvBPDN(
            problem["dictionary"], problem["observation"], penalty, cbpdn.ConvBPDN.Options(options), dimK=0
        )

    return pose, solver


def published(setting):
    return lambda threads: Published(*setting, threads)


PUBLISHED = {
    "published-grey": published(coded("G:12x12x36", 5e-2, gray=True)),
    "published-colour": published(coded("RGB:8x8x3x64", 1e-1)),
    "published-inpaint": published(inpainted(2e-2)),
    "published-denoise": published(denoised(4.8e-2)),
}
