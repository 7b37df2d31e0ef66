"""One long-lived process that runs the peers of one family: a request a line in, an answer a line out, both JSON.

    python server.py sparse|networks|convolutional

A family is a package beside this file with its own requirements.txt; it gives ENCODERS, LEARNERS, CURVES and versions().
Arrays travel as .npy files, so that starting Python, importing and loading data stay outside every clock.
"""

import contextlib
import importlib
import json
import os
import platform
import sys
import warnings

import numpy
import scipy.sparse
from threadpoolctl import threadpool_info

warnings.filterwarnings("ignore")  # "did not converge": the caller compares objectives instead


class Server:
    def __init__(self, family):
        self.family = family
        self.arrays = {}
        self.codes = None
        self.learners = {}

    def hello(self):
        """Versions and the linear algebra each library found for this processor."""
        blas = [
            {"file": os.path.basename(pool["filepath"]), "version": pool["version"], "kernels": pool.get("architecture")}
            for pool in threadpool_info()
            if pool["user_api"] == "blas"
        ]
        return {
            "python": platform.python_version(),
            "versions": self.family.versions(),
            "blas": blas,
        }

    def load(self, name, path, whole=False):
        """Keeps an array in single precision: as it is, or [n, m] with contiguous rows, whose transpose is what SPAMS wants."""
        array = numpy.ascontiguousarray(numpy.load(path), dtype=numpy.float32)
        self.arrays[name] = array if whole else array.reshape(len(array), -1)
        return {"shape": self.arrays[name].shape}

    def encode(self, solver, observations, atoms, penalty, threads, setting=None, count=None):
        """Codes of the first `count` observations; only the solver is timed."""
        rows = self.arrays[observations][:count]
        seconds, self.codes = self.family.ENCODERS[solver](rows, self.arrays[atoms], penalty, threads, setting)
        return {"seconds": seconds}

    def codes_to(self, directory):
        """Writes the last codes as compressed rows."""
        rows = scipy.sparse.csr_matrix(self.codes)
        rows.sort_indices()
        for part, kind in (("indptr", numpy.int32), ("indices", numpy.int32), ("data", numpy.float32)):
            numpy.save(os.path.join(directory, f"{part}.npy"), getattr(rows, part).astype(kind))
        return {"shape": rows.shape}

    def curve(self, method, data, **options):
        """What a method shows step by step, as numbers. `data`: its arrays, each by the name it was loaded under."""
        return self.family.CURVES[method](**self.named(data), **options)

    def learn(self, learner, data, **options):
        """Makes a learner, in place of the last of that name; `advance` then works towards a number of steps."""
        self.learners.pop(learner, None)
        self.learners[learner] = self.family.LEARNERS[learner](**self.named(data), **options)
        return {}

    def advance(self, learner, steps, directory):
        """Writes what was learned after `steps` steps, an array a file; the seconds count from the start."""
        seconds, learned = self.learners[learner].advance(steps)
        for name, array in learned.items():
            numpy.save(os.path.join(directory, f"{name}.npy"), numpy.ascontiguousarray(array, dtype=numpy.float32))
        return {"seconds": seconds, "arrays": list(learned)}

    def named(self, data):
        return {role: self.arrays[name] for role, name in data.items()}


def main():
    # Libraries print to standard output; only answers may appear on the pipe.
    pipe = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    server = Server(importlib.import_module(sys.argv[1]))
    for line in sys.stdin:
        request = json.loads(line)
        try:
            with contextlib.redirect_stdout(sys.stderr):
                answer = getattr(server, request.pop("operation"))(**request)
        except Exception as error:  # the caller decides what a failed row means
            answer = {"error": f"{type(error).__name__}: {error}"}
        pipe.write(json.dumps(answer) + "\n")
        pipe.flush()


if __name__ == "__main__":
    main()
