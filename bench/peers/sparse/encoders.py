"""How each peer codes observations: min over z of ½‖y − Wz‖² + λ‖z‖₁, single precision.

An encoder takes observations [n, m], unit atoms [k, m], λ, the number of threads and its own setting (the one knob that
trades time for accuracy), and returns the seconds of the solver alone and the codes [n, k].
"""

from time import perf_counter

import numpy
import scipy.sparse
import spams
from sklearn.decomposition import sparse_encode
from sklearn.linear_model import Lasso
from threadpoolctl import threadpool_limits


def timed(threads, work):
    with threadpool_limits(threads):
        start = perf_counter()
        result = work()
        return perf_counter() - start, result


def spams_lasso(rows, atoms, penalty, threads, setting):
    seconds, codes = timed(threads, lambda: spams.lasso(rows.T, D=atoms.T, lambda1=penalty, numThreads=threads))
    return seconds, codes.T


def spams_cd(rows, atoms, penalty, threads, setting):
    """`setting`: its tolerance."""
    start = scipy.sparse.csc_matrix((len(atoms), len(rows)), dtype=numpy.float32)
    seconds, codes = timed(
        threads,
        lambda: spams.cd(rows.T, atoms.T, start, lambda1=penalty, itermax=10000, tol=setting, numThreads=threads),
    )
    return seconds, codes.T


def sklearn_lasso_cd(rows, atoms, penalty, threads, setting):
    """`setting`: max_iter. Its tolerance is fixed at 1e-8, out of reach in single precision."""
    return timed(
        threads,
        lambda: sparse_encode(rows, atoms, algorithm="lasso_cd", alpha=penalty, n_jobs=1, max_iter=setting),
    )


def sklearn_gram_cd(rows, atoms, penalty, threads, setting):
    """What sparse_encode(lasso_cd) calls, with its tolerance (`setting`) open: scikit-learn's fastest exact route."""

    def work():
        model = Lasso(
            alpha=penalty / rows.shape[1],
            fit_intercept=False,
            precompute=atoms @ atoms.T,
            tol=setting,
            max_iter=10000,
        )
        return model.fit(atoms.T, rows.T, check_input=False).coef_

    return timed(threads, work)


def sklearn_lasso_lars(rows, atoms, penalty, threads, setting):
    """In double precision: in single it ends up to four per cent above the optimum."""
    rows, atoms = rows.astype(numpy.float64), atoms.astype(numpy.float64)
    return timed(threads, lambda: sparse_encode(rows, atoms, algorithm="lasso_lars", alpha=penalty, n_jobs=1))


ENCODERS = {
    "spams-lasso": spams_lasso,
    "spams-cd": spams_cd,
    "sklearn-lasso-cd": sklearn_lasso_cd,
    "sklearn-gram-cd": sklearn_gram_cd,
    "sklearn-lasso-lars": sklearn_lasso_lars,
}
