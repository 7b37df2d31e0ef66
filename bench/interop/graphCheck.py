"""Checks the models of graphModels.js: onnx.checker accepts them, and Python's onnxruntime gives the numbers expected.

    python graphCheck.py DIR [--tolerance 1e-5]

Exit code 0 when all agrees.
"""

import argparse
import json
import pathlib
import sys

import numpy as np
import onnx
import onnxruntime


def tensor(given):
    return np.array(given["data"], dtype=given.get("type", "float64")).reshape(given["shape"])


def difference(found, expected):
    """The largest difference, relative to the largest number (at least 1); infinite where shapes differ."""
    if found.shape != expected.shape:
        return np.inf
    scale = max(1.0, np.max(np.abs(expected), initial=0))
    return float(np.max(np.abs(found.astype(np.float64) - expected), initial=0) / scale)


def check(folder, model):
    """What is wrong with a model, and the largest difference of its numbers."""
    path = folder / model["file"]
    try:
        onnx.checker.check_model(str(path), full_check=True)
    except Exception as error:  # the checker has several types of errors, and all of them are findings
        return f"onnx.checker: {error}", np.inf
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    worst = 0.0
    for run in model["runs"]:
        found = session.run(names, {name: tensor(fed) for name, fed in run["feeds"].items()})
        worst = max([worst] + [difference(values, tensor(run["expected"][name])) for name, values in zip(names, found)])
    return "", worst


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("folder", type=pathlib.Path)
    options.add_argument("--tolerance", type=float, default=1e-5)
    given = options.parse_args()
    models = json.loads((given.folder / "models.json").read_text(encoding="utf-8"))
    failures = 0
    for model in models:
        wrong, worst = check(given.folder, model)
        passed = not wrong and worst <= given.tolerance
        failures += not passed
        print(f"{'ok  ' if passed else 'FAIL'} {model['name']}: {wrong or f'{worst:.1e}'}")
    print(f"{len(models)} models, {failures} failures; onnx {onnx.__version__}, onnxruntime {onnxruntime.__version__}")
    sys.exit(1 if failures or not models else 0)


if __name__ == "__main__":
    main()
