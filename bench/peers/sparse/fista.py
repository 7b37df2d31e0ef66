"""FISTA as it stands in the paper (Beck and Teboulle 2009, section 4), in double precision: a ruler, not a rival.

It is written from the formulas with products of whole matrices, and shares no code with the encoders it measures.
"""

import numpy


def fista_curve(observations, atoms, reference, penalty, steps):
    """From z = 0, after each of `steps` steps: the mean over observations of ‖z − z*‖² / k and of the energy.

    `reference` [n, k] are the optimal codes z*. The step is 1/L with L the largest eigenvalue of WᵀW. Entry 0 is the start.
    """
    y, w, best = (numpy.asarray(each, dtype=numpy.float64) for each in (observations, atoms, reference))
    gram, products = w @ w.T, y @ w.T
    step = 1 / numpy.linalg.eigvalsh(gram)[-1]
    squares = (y * y).sum(axis=1)

    def energy(z):
        residual = squares - 2 * (z * products).sum(axis=1) + ((z @ gram) * z).sum(axis=1)
        return float((0.5 * residual + penalty * numpy.abs(z).sum(axis=1)).mean())

    z = numpy.zeros_like(best)
    ahead, t = z, 1.0
    errors, energies = [float(numpy.mean((z - best) ** 2))], [energy(z)]
    for _ in range(steps):
        moved = ahead - step * (ahead @ gram - products)
        following = numpy.sign(moved) * numpy.maximum(numpy.abs(moved) - step * penalty, 0)
        t_following = (1 + numpy.sqrt(1 + 4 * t * t)) / 2
        ahead = following + (t - 1) / t_following * (following - z)
        z, t = following, t_following
        errors.append(float(numpy.mean((z - best) ** 2)))
        energies.append(energy(z))
    return {"errors": errors, "energies": energies, "minimum": energy(best)}
