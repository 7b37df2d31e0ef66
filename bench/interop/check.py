"""Reads a run folder of Energia, and codes made with it, the way a Python user would, and recomputes what can be.

    python check.py RUN [--codes codes.npz] [--observations y.npy] [--atoms NAME] [--lambda L]

Observations are those that the codes explain: preprocessed as the model's were. Exit code 0 when all agrees.
"""

import argparse
import json
import pathlib
import sys

import numpy as np
import scipy.sparse
from safetensors import safe_open
from safetensors.numpy import load_file

failures = 0


def check(what, passed, detail=""):
    global failures
    failures += not passed
    print(f"{'ok  ' if passed else 'FAIL'} {what}{f': {detail}' if detail else ''}")


def check_config(run):
    config = json.loads((run / "config.json").read_text(encoding="utf-8"))
    check("config.json", config["format"] == "energia-run" and config["version"] == 1, config["model"])
    for picture in config["pictures"]:
        check(f"picture {picture}", (run / picture).is_file())
    return config


def check_tensors(file):
    tensors = load_file(file)
    for name, values in tensors.items():
        check(f"{file.name} {name}", bool(np.isfinite(values).all()), f"{values.dtype} {values.shape}")
    with safe_open(file, "np") as opened:
        check(f"{file.name} metadata", set(opened.keys()) == set(tensors), str(sorted(opened.metadata() or {})))
    return tensors


def check_checkpoint(file):
    check_tensors(file)
    with safe_open(file, "np") as opened:
        metadata = opened.metadata()
    json.loads(metadata["state"])
    json.loads(metadata["config"])
    check("checkpoint state and config", metadata["format"] == "energia-checkpoint", metadata["fingerprint"])


def check_metrics(file):
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    check("metrics.ndjson", all(isinstance(line, dict) for line in lines), f"{len(lines)} lines")


def check_codes(file, dictionary, observations, weight):
    codes = scipy.sparse.load_npz(file)
    beside = np.load(file)
    codes.check_format(full_check=True)
    count, atoms = codes.shape
    check("codes", codes.format == "csr", f"{codes.shape}, {codes.nnz / max(count, 1):.2f} active per code")
    check("codes sorted", codes.has_sorted_indices and codes.has_canonical_format)
    check("codes types", (codes.indices.dtype, codes.indptr.dtype, codes.data.dtype) == (np.int32, np.int32, np.float32))
    check("codes finite", bool(np.isfinite(codes.data).all()))
    for name in set(beside.files) - {"data", "indices", "indptr", "shape", "format"}:
        print(f"     beside the codes: {name} {beside[name].dtype} {beside[name].shape}")
    if dictionary is None:
        return
    check("codes and dictionary", atoms == len(dictionary), f"{atoms} and {len(dictionary)}")
    if observations is None or weight is None or "energy" not in beside.files:
        return
    residual = observations.reshape(count, -1).astype(np.float64) - codes.astype(np.float64) @ dictionary.reshape(atoms, -1)
    energy = 0.5 * (residual**2).sum(axis=1) + weight * np.abs(codes.astype(np.float64)).sum(axis=1).A1
    worst = np.max(np.abs(energy - beside["energy"]) / np.maximum(np.abs(energy), 1e-12), initial=0)
    check("energy recomputed", worst < 1e-5, f"worst relative difference {worst:.2e}")


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("run", type=pathlib.Path)
    options.add_argument("--codes", type=pathlib.Path)
    options.add_argument("--observations", type=pathlib.Path)
    options.add_argument("--atoms", default="atoms", help="the name of the dictionary's tensor")
    options.add_argument("--lambda", dest="weight", type=float, help="the weight of the L1 norm; by default the run's")
    given = options.parse_args()

    config = check_config(given.run)
    tensors = check_tensors(given.run / "model.safetensors")
    dictionary = tensors.get(given.atoms)
    if dictionary is not None:
        norms = np.linalg.norm(dictionary.reshape(len(dictionary), -1).astype(np.float64), axis=1)
        check("atoms of norm 1 (or 0, unused)", bool(np.all((np.abs(norms - 1) < 1e-4) | (norms == 0))))
    if (given.run / "checkpoint.safetensors").exists():
        check_checkpoint(given.run / "checkpoint.safetensors")
    if (given.run / "metrics.ndjson").exists():
        check_metrics(given.run / "metrics.ndjson")
    check("README.md", (given.run / "README.md").read_text(encoding="utf-8").startswith("# "))

    codes = given.codes or given.run / "codes.npz"
    if given.codes or codes.exists():
        settings = config["settings"]
        weight = given.weight if given.weight is not None else settings.get("lambda")
        observations = None if given.observations is None else np.load(given.observations)
        check_codes(codes, dictionary, observations, weight if isinstance(weight, (int, float)) else None)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
