import { beforeAll, describe, expect, it } from 'vitest'
import type { Parameters } from '../../src/energy/module.js'
import { add, div, gather, linear, mean, mul, sqrt, square, sub, sum, tanh } from '../../src/graph/index.js'
import { type GradientTraining, gradientTraining, type TrainingProblem } from '../../src/learning/gradientTraining.js'
import { adam } from '../../src/learning/optimizers/adam.js'
import { adamW } from '../../src/learning/optimizers/adamW.js'
import { sgd } from '../../src/learning/optimizers/sgd.js'
import { warmUp } from '../../src/learning/schedules/warmUp.js'
import { type Runtime, runtime, type Value } from '../../src/runtime/runtime.js'
import { ConfigurationError, DataError, ShapeError } from '../../src/tensor/errors.js'
import { rng } from '../../src/tensor/random.js'
import { type Tensor, tensor } from '../../src/tensor/tensor.js'

function random(seed: number, ...shape: number[]): Tensor {
  const stream = rng(seed)
  const size = shape.reduce((product, side) => product * side, 1)
  return { shape, data: Float32Array.from({ length: size }, () => stream.normal()) }
}

/** A small network, y ≈ W₂·tanh(W₁x + b), learned by Adam. */
const network: TrainingProblem = {
  parameters: { w1: random(1, 6, 4), b: random(2, 6), w2: random(3, 2, 6) },
  inputs: { x: ['n', 4], y: ['n', 2] },
  loss: ({ w1, b, w2 }, { x, y }) => {
    const wrong = sub(linear(tanh(linear(x, w1, b)), w2), y)
    return { loss: mean(square(wrong)), metrics: { bias: mean(wrong), size: sum(square(w2)) } }
  },
  optimizer: adam({ learningRate: warmUp({ steps: 5, to: 0.03 }) }),
}

/** The batch of a step; its size changes. */
const batch = (step: number): Record<string, Tensor> => {
  const n = 3 + (step % 4)
  return { x: random(100 + step, n, 4), y: random(200 + step, n, 2) }
}

describe.each(['node', 'web'] as const)('training on onnxruntime-%s', (backend) => {
  let here: Runtime
  beforeAll(async () => {
    here = await runtime({ backend })
  })

  const train = async <R>(problem: TrainingProblem, work: (training: GradientTraining) => Promise<R>): Promise<R> => {
    const training = await gradientTraining({ ...problem, runtime: here })
    try {
      return await work(training)
    } finally {
      training.dispose()
    }
  }
  const run = async (training: GradientTraining, from: number, to: number) => {
    for (let step = from; step < to; step++) expect((await training.step(batch(step))).status).toBe('ok')
  }

  it('descends as plain arithmetic does', async () => {
    const x = random(7, 5, 3)
    const y = random(8, 5)
    const problem: TrainingProblem = {
      parameters: { w: tensor([3], Float32Array.of(1, -1, 0.5)) },
      inputs: { x: ['n', 3], y: ['n'] },
      loss: ({ w }, inputs) => mul(mean(square(sub(sum(mul(inputs.x, w), 1), inputs.y))), 0.5),
      optimizer: sgd({ learningRate: 0.1, momentum: 0.5 }),
    }
    await train(problem, async (training) => {
      const w = [1, -1, 0.5]
      const velocity = [0, 0, 0]
      for (let step = 0; step < 30; step++) {
        const errors = Array.from(
          y.data,
          (target, i) => w.reduce((total, each, j) => total + each * x.data[3 * i + j], 0) - target,
        )
        const gradient = w.map((_, j) => errors.reduce((total, each, i) => total + each * x.data[3 * i + j], 0) / 5)
        const { loss, gradientNorm, status } = await training.step({ x, y })
        expect(status).toBe('ok')
        expect(loss).toBeCloseTo(errors.reduce((total, each) => total + each * each, 0) / 10, 5)
        expect(gradientNorm).toBeCloseTo(Math.hypot(...gradient), 5)
        for (const [j, g] of gradient.entries()) {
          velocity[j] = 0.5 * velocity[j] + g
          w[j] -= 0.1 * velocity[j]
        }
      }
      expect(training.stepsTaken).toBe(30)
      w.forEach((each, j) => {
        expect(training.parameters().w.data[j]).toBeCloseTo(each, 5)
      })
    })
  })

  it('reports metrics, and evaluates without moving', async () => {
    await train(network, async (training) => {
      const before = training.state()
      const evaluated = await training.evaluate(batch(0))
      expect(training.state()).toEqual(before)
      const stepped = await training.step(batch(0))
      expect(stepped.loss).toBeCloseTo(evaluated.loss, 5)
      expect(stepped.metrics.bias).toBeCloseTo(evaluated.metrics.bias, 5)
      const w2 = network.parameters.w2.data
      expect(stepped.metrics.size).toBeCloseTo(
        w2.reduce((total, each) => total + each * each, 0),
        4,
      )
      expect((await training.evaluate(batch(0))).loss).not.toBe(evaluated.loss)
    })
  })

  it('goes on from a state to the same bits', async () => {
    const whole = await train(network, async (training) => {
      await run(training, 0, 25)
      return training.state()
    })
    const half = await train(network, async (training) => {
      await run(training, 0, 12)
      const state = training.state()
      const copy = structuredClone(state)
      await run(training, 12, 14)
      expect(state).toEqual(copy)
      return state
    })
    expect(half.steps).toBe(12)
    await train(network, async (training) => {
      await run(training, 0, 3)
      training.restore(half)
      expect(training.stepsTaken).toBe(12)
      await run(training, 12, 25)
      expect(training.state()).toEqual(whole)
    })
  })

  it('keeps the last good parameters where something goes non-finite', async () => {
    const good = await train(network, async (training) => {
      await run(training, 0, 9)
      return training.state()
    })
    await train(network, async (training) => {
      await run(training, 0, 5)
      const before = training.state()
      for (const poison of [Number.NaN, Number.POSITIVE_INFINITY]) {
        const bad = batch(5)
        bad.x.data[1] = poison
        const { status, loss } = await training.step(bad)
        expect(status).toBe('nonFinite')
        expect(training.state()).toEqual(before)
        if (Number.isNaN(poison)) expect(loss).toBeNaN()
      }
      await run(training, 5, 9)
      expect(training.state()).toEqual(good)
    })
  })

  it('takes a step at the end of single precision where it stays finite, and no other', async () => {
    const problem: TrainingProblem = {
      parameters: { w: tensor([2], Float32Array.of(3.4e38, 1)) },
      inputs: { x: ['n', 2] },
      loss: ({ w }, { x }) => sum(mul(x, w)),
      optimizer: adam({ learningRate: 1e38 }),
    }
    await train(problem, async (training) => {
      const before = training.state()
      const uphill = await training.step({ x: tensor([1, 2], Float32Array.of(-1e-5, 1e-5)) })
      expect(uphill.status).toBe('nonFinite')
      expect(uphill.gradientNorm).toBeCloseTo(Math.SQRT2 * 1e-5, 10)
      expect(training.state()).toEqual(before)
      const downhill = await training.step({ x: tensor([1, 2], Float32Array.of(1e-5, 1e-5)) })
      expect(downhill.status).toBe('ok')
      const [first, second] = training.parameters().w.data
      expect(first / 2.4e38).toBeCloseTo(1, 2)
      expect(second / -1e38).toBeCloseTo(1, 2)
    })
  })

  it.each([
    ['a parameter', (w: Parameters) => ({ learningRate: 3e38, w })],
    ['the gradient', (w: Parameters) => ({ learningRate: 1, w })],
  ])('notices %s that goes non-finite while the loss is finite', async (what, make) => {
    const { learningRate, w } = make({ w: tensor([2], Float32Array.of(what === 'the gradient' ? 0 : 3, 2)) })
    const problem: TrainingProblem = {
      parameters: w,
      inputs: { x: ['n', 2] },
      loss: (p, { x }) => sum(mean(mul(sqrt(square(p.w)), x), 0)),
      optimizer: sgd({ learningRate }),
    }
    await train(problem, async (training) => {
      const { status, loss } = await training.step({ x: tensor([1, 2], Float32Array.of(9, 9)) })
      expect(loss).toBeGreaterThan(0)
      expect(status).toBe('nonFinite')
      expect(training.parameters()).toEqual(w)
      expect(training.stepsTaken).toBe(0)
    })
  })

  it('holds gradients to a norm and parameters to a constraint', async () => {
    const problem: TrainingProblem = {
      ...network,
      optimizer: sgd({ learningRate: 1 }),
      clip: { norm: 0.01 },
    }
    await train(problem, async (training) => {
      const before = Object.values(training.parameters()).flatMap(({ data }) => Array.from(data))
      const { gradientNorm } = await training.step(batch(0))
      const after = Object.values(training.parameters()).flatMap(({ data }) => Array.from(data))
      expect(gradientNorm).toBeGreaterThan(0.1)
      expect(Math.hypot(...after.map((each, i) => each - before[i]))).toBeCloseTo(0.01, 5)
    })
    const unit: TrainingProblem = {
      ...network,
      constrain: ({ w1 }) => ({ w1: div(w1, sqrt(sum(square(w1), 1, true))) }),
    }
    await train(unit, async (training) => {
      await run(training, 0, 3)
      const { data } = training.parameters().w1
      for (let row = 0; row < 6; row++) expect(Math.hypot(...data.subarray(4 * row, 4 * row + 4))).toBeCloseTo(1, 6)
    })
  })

  it.each([
    ['adam', adam({ learningRate: 0.02, beta1: 0.8, epsilon: 1e-3, weightDecay: 0.1 })],
    ['adamW', adamW({ learningRate: warmUp({ steps: 5, to: 0.03 }), weightDecay: 0.2 })],
  ])('takes the step of %s by a kernel as by the graph', async (_, optimizer) => {
    const trained = ({ clip, ...changes }: Partial<TrainingProblem>) =>
      train({ ...network, optimizer, ...(clip ? { clip } : {}), ...changes }, async (training) => {
        const norms: number[] = []
        for (let step = 0; step < 20; step++) norms.push((await training.step(batch(step))).gradientNorm)
        return { norms, ...training.state() }
      })
    for (const clip of [undefined, { norm: 0.3 }, { value: 0.02 }]) {
      const bounded = clip ? { clip } : {}
      const kernel = await trained(bounded)
      // A constraint that changes nothing keeps the step in the graph.
      const graph = await trained({ ...bounded, constrain: () => ({}) })
      const numbers = ({ norms, parameters, optimizer }: typeof kernel) =>
        [norms, ...Object.values({ ...parameters, ...optimizer }).map(({ data }) => Array.from(data))].flat()
      const expected = numbers(graph)
      expect(Object.keys(kernel.optimizer)).toEqual(Object.keys(graph.optimizer))
      numbers(kernel).forEach((each, i) => {
        expect(Math.abs(each - expected[i])).toBeLessThanOrEqual(2e-5 * Math.max(0.1, Math.abs(expected[i])))
      })
    }
  })

  it('adds the squares of many gradients without losing small ones', async () => {
    const size = 100_003
    const x = tensor(
      [1, size],
      Float32Array.from({ length: size }, (_, i) => (i === 0 ? 1000 : 0.1 + (i % 7) / 10)),
    )
    const problem: TrainingProblem = {
      parameters: { w: tensor([size], new Float32Array(size)) },
      inputs: { x: ['n', size] },
      loss: ({ w }, inputs) => sum(mul(inputs.x, w)),
      optimizer: adam(),
    }
    await train(problem, async (training) => {
      const { gradientNorm } = await training.step({ x })
      const norm = Math.sqrt(x.data.reduce((total, each) => total + each * each, 0))
      expect(Math.abs(gradientNorm / norm - 1)).toBeLessThan(1e-5)
      for (const [i, moved] of training.parameters().w.data.entries()) {
        if (Math.abs(moved + 0.001) > 1e-8) expect.fail(`number ${i} moved by ${moved}`)
      }
    })
  })

  it('lets moments of parameters without a gradient come to 0, and not to numbers that are slow', async () => {
    const problem: TrainingProblem = {
      parameters: { w: tensor([3], Float32Array.of(1, 1, 1)) },
      inputs: { x: ['n', 3] },
      loss: ({ w }, { x }) => sum(mul(x, w)),
      optimizer: adam({ beta1: 0.5, beta2: 0.5 }),
    }
    await train(problem, async (training) => {
      await training.step({ x: tensor([1, 3], Float32Array.of(1, 1e-10, 0)) })
      for (let step = 0; step < 140; step++) await training.step({ x: tensor([1, 3], Float32Array.of(0, 0, 1)) })
      const { optimizer } = training.state()
      expect(optimizer['mean.w'].data.subarray(0, 2)).toEqual(Float32Array.of(0, 0))
      expect(optimizer['square.w'].data.subarray(0, 2)).toEqual(Float32Array.of(0, 0))
      expect(optimizer['mean.w'].data[2]).toBeCloseTo(2, 5)
    })
  })

  it('leaves parameters as they were where the step of a kernel overflows', async () => {
    const problem: TrainingProblem = {
      parameters: { w: tensor([5], Float32Array.of(1, 2, 3, 4, 5)) },
      inputs: { x: ['n', 5] },
      loss: ({ w }, { x }) => sum(mul(x, w)),
      optimizer: adam(),
    }
    await train(problem, async (training) => {
      const ones = tensor([1, 5], new Float32Array(5).fill(1))
      await training.step({ x: ones })
      const before = training.state()
      for (const poison of [Number.NaN, 3e38]) {
        const x = tensor([1, 5], Float32Array.of(1, 1, 1, 1, poison))
        expect((await training.step({ x })).status).toBe('nonFinite')
        expect(training.state()).toEqual(before)
      }
      expect((await training.step({ x: ones })).status).toBe('ok')
    })
    // A step is as long as the rate: single precision holds the first, and not the second.
    await train({ ...problem, optimizer: adam({ learningRate: 2e38 }) }, async (training) => {
      const small = tensor([1, 5], new Float32Array(5).fill(1e-3))
      expect((await training.step({ x: small })).status).toBe('ok')
      const before = training.state()
      const { status, loss } = await training.step({ x: small })
      expect(Number.isFinite(loss)).toBe(true)
      expect(status).toBe('nonFinite')
      expect(training.state()).toEqual(before)
    })
  })

  it('learns labels, which are whole numbers', async () => {
    const problem: TrainingProblem = {
      parameters: { centres: tensor([3, 2], new Float32Array(6)) },
      inputs: { x: ['n', 2], label: { shape: ['n'], type: 'int64' } },
      loss: ({ centres }, { x, label }) => mean(square(sub(gather(centres, label, 0), x))),
      optimizer: sgd({ learningRate: 1 }),
    }
    const x = tensor([4, 2], Float32Array.of(1, 0, 0, 1, -1, -1, 3, 2))
    const label: Value = { shape: [4], data: BigInt64Array.of(0n, 1n, 2n, 0n) }
    await train(problem, async (training) => {
      expect((await training.step({ x, label })).loss).toBeCloseTo(17 / 8, 5)
      for (let step = 0; step < 100; step++) await training.step({ x, label })
      const means = [2, 1, 0, 1, -1, -1]
      training.parameters().centres.data.forEach((each, i) => {
        expect(each).toBeCloseTo(means[i], 4)
      })
    })
  })

  it('leaves the event loop free, so that a loop of steps can be stopped', async () => {
    await train(network, async (training) => {
      const stop = new AbortController()
      setTimeout(() => stop.abort(), 1)
      let steps = 0
      while (!stop.signal.aborted && steps < 20_000) await training.step(batch(steps++ % 4))
      expect(stop.signal.aborted).toBe(true)
      expect(training.stepsTaken).toBe(steps)
    })
  })

  it('takes one step at a time', async () => {
    const training = await gradientTraining({ ...network, runtime: here })
    const first = training.step(batch(0))
    await expect(training.step(batch(1))).rejects.toThrow(/await it before the next/)
    expect(() => training.restore(training.state())).toThrow(/under way/)
    expect((await first).status).toBe('ok')
    await expect(training.step({ x: batch(1).x })).rejects.toThrow(/"y" \(n×2\) was not fed/)
    await expect(training.step({ ...batch(1), y: random(1, 3, 2) })).rejects.toThrow(ShapeError)
    expect((await training.step(batch(1))).status).toBe('ok')
    training.dispose()
    await expect(training.step(batch(2))).rejects.toThrow(/disposed/)
  })
})

describe('a training problem', () => {
  const refused = async (changes: Partial<TrainingProblem>) =>
    gradientTraining({ ...network, ...changes, runtime: await runtime() }).then(
      () => expect.fail('it was not refused'),
      (error: Error) => error,
    )

  it('is checked before anything is trained', async () => {
    const wide = await refused({ loss: ({ w1 }, { x }) => sum(square(linear(x, w1)), 1) })
    expect(wide).toBeInstanceOf(ShapeError)
    expect(wide.message).toMatch(/loss must be one number.*got \[n\].*mean\(\)/)
    const metric = await refused({ loss: ({ w2 }, { x, y }) => ({ loss: sum(w2), metrics: { all: add(x, sum(y)) } }) })
    expect(metric.message).toContain('The metric "all" must be one number (float32); got [n×4]')
    expect((await refused({ loss: () => 3 as never })).message).toContain('loss')
    expect((await refused({ parameters: {} })).message).toContain('no parameters')
    const poisoned = await refused({
      parameters: { ...network.parameters, b: tensor([6], new Float32Array(6).fill(Number.NaN)) },
    })
    expect(poisoned).toBeInstanceOf(DataError)
    expect(poisoned.message).toContain('"b" holds NaN at place 0')
    const twice = await refused({ inputs: { ...network.inputs, b: ['n'] } })
    expect(twice).toBeInstanceOf(ConfigurationError)
    expect(twice.message).toContain('"b" stands for two things')
    expect((await refused({ inputs: { ...network.inputs, step: ['n'] } })).message).toContain('belongs to the training')
    expect((await refused({ constrain: ({ b }) => ({ b: sum(b) }) })).message).toMatch(/shape of "b": \[6\] becomes/)
    expect((await refused({ constrain: ({ b }) => ({ c: b }) })).message).toContain('"c", which is no parameter')
  })

  it('is not continued from the state of another', async () => {
    const training = await gradientTraining({ ...network, runtime: await runtime() })
    const state = training.state()
    const without = { ...state, optimizer: {} }
    expect(() => training.restore(without)).toThrow(/lacks "mean.w1"/)
    const other = { ...state, parameters: { ...state.parameters, b: tensor([2], new Float32Array(2)) } }
    expect(() => training.restore(other)).toThrow(/"b" as 2, and it is 6 here/)
    expect(() => training.restore({ ...state, steps: -1 })).toThrow(DataError)
    const poisoned = structuredClone(state)
    poisoned.optimizer['square.b'].data[3] = Number.POSITIVE_INFINITY
    expect(() => training.restore(poisoned)).toThrow(/"square.b" of the training state holds Infinity at place 3/)
    expect(training.state()).toEqual(state)
    training.dispose()
  })
})
