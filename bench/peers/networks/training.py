"""The loop that all learners share: gradient and fused Adam, compiled or eager, on a clock that starts after compiling."""

from time import perf_counter

import torch


class Training:
    """Subclasses give `inputs(step)` and `warm_up_inputs()`; their models give `loss(*inputs)`."""

    def __init__(self, threads, seed):
        torch.set_num_threads(threads)
        torch.manual_seed(seed)
        self.threads, self.seconds, self.done = threads, 0.0, 0

    def start(self, model, rate, compiled):
        """Compiling and the first calls stay outside the clock and leave the parameters as they were."""
        self.model = model
        self.optimizer = torch.optim.Adam(model.parameters(), lr=rate, fused=True)
        self.loss = torch.compile(model.loss, dynamic=False) if compiled else model.loss
        for inputs in self.warm_up_inputs():
            for _ in range(3):
                self.loss(*inputs).backward()

    def advance(self, steps):
        """Trains until `steps` steps are done; the seconds since the start, and the parameters by name."""
        torch.set_num_threads(self.threads)
        start = perf_counter()
        for step in range(self.done, steps):
            inputs = self.inputs(step)
            self.optimizer.zero_grad(set_to_none=True)
            self.loss(*inputs).backward()
            self.optimizer.step()
        self.seconds += perf_counter() - start
        self.done = max(self.done, steps)
        return self.seconds, {name: value.detach().numpy() for name, value in self.model.named_parameters()}
