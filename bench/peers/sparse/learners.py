"""How each peer learns a dictionary. `advance(steps)` gives the seconds since the start and the `atoms` [k, m]."""

from time import perf_counter

import numpy
import spams
from sklearn.decomposition import MiniBatchDictionaryLearning
from threadpoolctl import threadpool_limits


class SpamsTrainDL:
    """Every `advance` is a run of its own: trainDL cannot be looked into on the way."""

    def __init__(self, observations, initial, penalty, batch, threads, seed):
        self.rows, self.initial, self.penalty, self.batch, self.threads = observations, initial, penalty, batch, threads

    def advance(self, steps):
        initial = numpy.array(self.initial)
        with threadpool_limits(self.threads):
            start = perf_counter()
            atoms = spams.trainDL(
                self.rows.T,
                D=initial.T,
                lambda1=self.penalty,
                batchsize=self.batch,
                iter=steps,
                numThreads=self.threads,
                verbose=False,
            )
            return perf_counter() - start, {"atoms": atoms.T}


class SklearnMiniBatch:
    """`fit` taken step by step, without its stopping rules; shuffling and looking are outside the clock.

    Sixty sweeps of coordinate descent an observation: its default of 1,000 never stops earlier in single precision
    (the tolerance is fixed at 1e-8) and takes six times as long to the same objective.
    """

    SWEEPS = 60

    def __init__(self, observations, initial, penalty, batch, threads, seed):
        self.rows, self.batch, self.threads = observations, batch, threads
        self.random = numpy.random.default_rng(seed)
        self.seconds, self.steps, self.order = 0.0, 0, []
        self.model = MiniBatchDictionaryLearning(
            len(initial),
            alpha=penalty,
            batch_size=batch,
            fit_algorithm="cd",
            transform_max_iter=self.SWEEPS,
            dict_init=numpy.array(initial),
            random_state=seed,
            n_jobs=1,
        )

    def next_batch(self):
        if len(self.order) < self.batch:
            self.order = self.random.permutation(len(self.rows))
        taken, self.order = self.order[: self.batch], self.order[self.batch :]
        return self.rows[taken]

    def advance(self, steps):
        with threadpool_limits(self.threads):
            while self.steps < steps:
                batch = self.next_batch()
                start = perf_counter()
                self.model.partial_fit(batch)
                self.seconds += perf_counter() - start
                self.steps += 1
        return self.seconds, {"atoms": self.model.components_}


LEARNERS = {"spams-train-dl": SpamsTrainDL, "sklearn-mini-batch": SklearnMiniBatch}
