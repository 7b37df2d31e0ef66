import { beforeAll, describe, expect, it } from 'vitest'
import { encodeOnnx, input } from '../../src/graph/index.js'
import { adam } from '../../src/learning/optimizers/adam.js'
import { adamW } from '../../src/learning/optimizers/adamW.js'
import { clipGradients, globalNorm } from '../../src/learning/optimizers/clipGradients.js'
import type { Optimizer } from '../../src/learning/optimizers/optimizer.js'
import { sgd } from '../../src/learning/optimizers/sgd.js'
import { cosineRate } from '../../src/learning/schedules/cosineRate.js'
import { exponentialRate } from '../../src/learning/schedules/exponentialRate.js'
import { constantRate, type Schedule } from '../../src/learning/schedules/schedule.js'
import { stepRate } from '../../src/learning/schedules/stepRate.js'
import { warmUp } from '../../src/learning/schedules/warmUp.js'
import { nextName } from '../../src/learning/trainingGraph.js'
import { type Runtime, runtime, type Value } from '../../src/runtime/runtime.js'
import { ConfigurationError } from '../../src/tensor/errors.js'
import { rng } from '../../src/tensor/random.js'
import type { Tensor } from '../../src/tensor/tensor.js'
import {
  type Mover,
  type SlowRate,
  slowAdam,
  slowAdamW,
  slowCosine,
  slowExponential,
  slowNormClip,
  slowSgd,
  slowStep,
  slowWarmUp,
} from '../reference/optimizers.js'

interface Row {
  readonly name: string
  readonly optimizer: Optimizer
  readonly twin: () => Mover
  readonly rate: SlowRate
}

const row = (name: string, optimizer: Optimizer, twin: () => Mover, rate: number | SlowRate): Row => ({
  name,
  optimizer,
  twin,
  rate: typeof rate === 'number' ? () => rate : rate,
})

const falling = cosineRate({ rate: 0.1, steps: 30, floor: 0.01 })
const slowFalling = slowCosine(0.1, 30, 0.01)

const rows: readonly Row[] = [
  row('sgd', sgd({ learningRate: 0.1 }), () => slowSgd({}), 0.1),
  row('sgd, momentum', sgd({ learningRate: 0.1, momentum: 0.9 }), () => slowSgd({ momentum: 0.9 }), 0.1),
  row(
    'sgd, Nesterov, decay, falling rate',
    sgd({ learningRate: falling, momentum: 0.8, nesterov: true, weightDecay: 0.05 }),
    () => slowSgd({ momentum: 0.8, nesterov: true, weightDecay: 0.05 }),
    slowFalling,
  ),
  row('adam', adam(), () => slowAdam({}), 0.001),
  row(
    'adam, other numbers',
    adam({ learningRate: 0.02, beta1: 0.5, beta2: 0.9, epsilon: 0.1, weightDecay: 0.3 }),
    () => slowAdam({ beta1: 0.5, beta2: 0.9, epsilon: 0.1, weightDecay: 0.3 }),
    0.02,
  ),
  row('adam, no memory', adam({ beta1: 0, beta2: 0 }), () => slowAdam({ beta1: 0, beta2: 0 }), 0.001),
  row('adamW', adamW({ learningRate: 0.05 }), () => slowAdamW({}), 0.05),
  row(
    'adamW, falling rate',
    adamW({ learningRate: falling, weightDecay: 0.4 }),
    () => slowAdamW({ weightDecay: 0.4 }),
    slowFalling,
  ),
]

const schedules: readonly (readonly [Schedule, SlowRate])[] = [
  [constantRate(0.3), () => 0.3],
  [falling, slowFalling],
  [stepRate({ rate: 2, factor: 0.1, at: [3, 10, 11] }), slowStep(2, 0.1, [3, 10, 11])],
  [stepRate({ rate: 2, factor: 0.1, at: [] }), () => 2],
  [exponentialRate({ rate: 1, factor: 0.9 }), slowExponential(1, 0.9, 1)],
  [exponentialRate({ rate: 3, factor: 0.5, every: 7 }), slowExponential(3, 0.5, 7)],
  [warmUp({ steps: 5, to: falling }), slowWarmUp(5, slowFalling)],
  [warmUp({ steps: 4, to: 0.2 }), slowWarmUp(4, () => 0.2)],
]

function random(seed: number, shape: readonly number[], scale = 1): Tensor {
  const stream = rng(seed)
  const size = shape.reduce((product, side) => product * side, 1)
  return { shape, data: Float32Array.from({ length: size }, () => scale * stream.normal()) }
}

const named = <T>(rename: (name: string) => string, values: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [rename(name), value]))

const shapes = { weight: [3, 4], bias: [4], gain: [] }
const start = Object.fromEntries(Object.entries(shapes).map(([name, shape], i) => [name, random(i, shape)]))
/** Gradients of a step: of many scales, and some of them 0. */
const gradientsOf = (step: number): Record<string, Tensor> =>
  Object.fromEntries(
    Object.entries(shapes).map(([name, shape], i) => {
      const gradient = random(1000 + 10 * step + i, shape, 10 ** ((step % 7) - 3))
      if (name === 'bias') gradient.data[1] = 0
      return [name, gradient]
    }),
  )

describe.each(['node', 'web'] as const)('on onnxruntime-%s', (backend) => {
  let here: Runtime
  beforeAll(async () => {
    here = await runtime({ backend })
  })

  it.each(rows)('$name moves as its definition', async ({ optimizer, twin, rate }) => {
    let state: Readonly<Record<string, Value>> = optimizer.init(start)
    const symbols = (values: Readonly<Record<string, Value>>, prefix = '') =>
      Object.fromEntries(Object.entries(values).map(([name, { shape }]) => [name, input(prefix + name, shape)]))
    const updated = optimizer.update(
      symbols(start),
      symbols(start, 'gradient.'),
      symbols(state),
      input('step', [], 'float64'),
    )
    expect(Object.keys(updated.state).sort()).toEqual(Object.keys(state).sort())
    const program = await here.compile(
      encodeOnnx({ outputs: named(nextName, { ...updated.parameters, ...updated.state }) }),
    )

    let parameters: Readonly<Record<string, Value>> = start
    const movers = Object.values(start).map(({ data }) => Array.from(data, twin))
    const expected = Object.values(start).map(({ data }) => Array.from(data))
    const largest = expected.map((numbers) => numbers.map(Math.abs))
    for (let step = 0; step < 60; step++) {
      const gradients = gradientsOf(step)
      const fed = Object.entries(gradients).map(([name, value]) => [`gradient.${name}`, value] as const)
      const results = await program.run({
        ...parameters,
        ...state,
        ...Object.fromEntries(fed),
        step: { shape: [], data: Float64Array.of(step) },
      })
      parameters = Object.fromEntries(Object.keys(start).map((name) => [name, results[nextName(name)]]))
      state = Object.fromEntries(Object.keys(state).map((name) => [name, results[nextName(name)]]))
      for (const [i, name] of Object.keys(start).entries()) {
        for (const [j, mover] of movers[i].entries()) {
          expected[i][j] = mover(expected[i][j], gradients[name].data[j], rate(step))
          // Single precision has lost digits where a number was once large.
          largest[i][j] = Math.max(largest[i][j], Math.abs(expected[i][j]))
          const wrong = Math.abs((parameters[name].data[j] as number) - expected[i][j])
          expect(wrong, `${name} ${j} after ${step}`).toBeLessThanOrEqual(3e-6 * (1 + largest[i][j]))
        }
      }
    }
    program.dispose()
  })

  it.each(schedules.map(([schedule, twin]) => ({ kind: JSON.stringify(schedule.describe()), schedule, twin })))(
    'the schedule $kind is its definition',
    async ({ schedule, twin }) => {
      const rate = schedule.rate(input('step', [], 'float64'))
      const program = await here.compile(encodeOnnx({ inputs: [input('step', [], 'float64')], outputs: { rate } }))
      for (const step of [...Array(40).keys(), 1e6]) {
        const found = await program.run({ step: { shape: [], data: Float64Array.of(step) } })
        expect(found.rate.data).toBeInstanceOf(Float64Array)
        const wanted = twin(step)
        expect(Math.abs((found.rate.data[0] as number) - wanted), `step ${step}`).toBeLessThanOrEqual(
          1e-13 + 1e-12 * wanted,
        )
      }
      program.dispose()
    },
  )

  it('clips gradients by their common norm, and by value', async () => {
    const [a, b] = [random(5, [3, 4]), random(6, [7])]
    const gradients = { a: input('a', [3, 4]), b: input('b', [7]) }
    const plain = [Array.from(a.data), Array.from(b.data)]
    const norm = Math.sqrt(plain.flat().reduce((sum, g) => sum + g * g, 0))
    for (const bound of [norm / 3, norm * 3]) {
      const clipped = clipGradients(gradients, { norm: bound })
      const program = await here.compile(
        encodeOnnx({ outputs: { ...named(nextName, clipped), norm: globalNorm(gradients) } }),
      )
      const found = await program.run({ a, b })
      const wanted = slowNormClip(plain, bound)
      expect(found.norm.data[0]).toBeCloseTo(norm, 5)
      ;[found['next.a'], found['next.b']].forEach(({ data }, i) => {
        wanted[i].forEach((one, j) => {
          expect(data[j]).toBeCloseTo(one, 5)
        })
      })
      program.dispose()
    }
    const program = await here.compile(
      encodeOnnx({ outputs: named(nextName, clipGradients(gradients, { value: 0.5 })) }),
    )
    const found = await program.run({ a, b })
    expect(Array.from(found['next.a'].data as Float32Array)).toEqual(
      plain[0].map((g) => Math.max(-0.5, Math.min(0.5, g))),
    )
    const zero = await program.run({ a: { shape: [3, 4], data: new Float32Array(12) }, b })
    expect(zero['next.a'].data).toEqual(new Float32Array(12))
    program.dispose()
  })
})

it('moves nearly the same where steps are counted in single precision', async () => {
  const here = await runtime()
  const numbers = { p: input('p', [3]), g: input('g', [3]) }
  const state = { 'mean.p': input('mean.p', [3]), 'square.p': input('square.p', [3]) }
  const optimizer = adam({ learningRate: warmUp({ steps: 5, to: stepRate({ rate: 0.1, factor: 0.5, at: [10] }) }) })
  const fed = { p: random(1, [3]), g: random(2, [3]), 'mean.p': random(3, [3]), 'square.p': random(4, [3]) }
  fed['square.p'].data.forEach((value, i, data) => {
    data[i] = Math.abs(value)
  })
  const moved = async (type: 'float32' | 'float64', step: number) => {
    const updated = optimizer.update({ p: numbers.p }, { p: numbers.g }, state, input('step', [], type))
    const program = await here.compile(encodeOnnx({ outputs: { moved: updated.parameters.p } }))
    const count = type === 'float32' ? Float32Array.of(step) : Float64Array.of(step)
    const found = await program.run({ ...fed, step: { shape: [], data: count } })
    program.dispose()
    return Array.from(found.moved.data as Float32Array, (value, i) => value - fed.p.data[i])
  }
  for (const step of [0, 1, 7, 12, 1e5]) {
    const [single, double] = [await moved('float32', step), await moved('float64', step)]
    double.forEach((value, i) => {
      expect(Math.abs(single[i] - value), `step ${step}`).toBeLessThanOrEqual(1e-4 * Math.abs(value) + 1e-7)
    })
  }
})

describe('options', () => {
  it.each([
    [() => sgd({ learningRate: -1 }), /learning rate must be a finite number, 0 or more; got -1/],
    [() => sgd({ learningRate: Number.NaN }), /got NaN/],
    [() => sgd({ learningRate: 1, momentum: 1 }), /momentum must be 0 or more and below 1; got 1/],
    [() => sgd({ learningRate: 1, nesterov: true }), /Nesterov.*momentum/],
    [() => sgd({ learningRate: 1, weightDecay: -1 }), /weightDecay/],
    [() => adam({ beta1: 1.1 }), /beta1/],
    [() => adam({ beta2: -0.1 }), /beta2/],
    [() => adam({ epsilon: 0 }), /epsilon must be a finite number above 0/],
    [() => adamW({ weightDecay: Number.POSITIVE_INFINITY }), /weightDecay/],
    [() => cosineRate({ rate: 1, steps: 0 }), /whole number of steps/],
    [() => cosineRate({ rate: 1, steps: 10, floor: -1 }), /floor/],
    [() => exponentialRate({ rate: 1, factor: 1.5 }), /factor.*at most 1; got 1.5/],
    [() => stepRate({ rate: 1, factor: 0.5, at: [5, 5] }), /must rise; got 5, 5/],
    [() => stepRate({ rate: 1, factor: 0.5, at: [0.5] }), /whole number/],
    [() => warmUp({ steps: 1.5, to: 1 }), /warm-up/],
    [() => clipGradients({ a: input('a', [1]) }, { norm: 0 }), /above 0; got 0/],
    [() => clipGradients({ a: input('a', [1]) }, { value: Number.NaN }), /got NaN/],
    [() => globalNorm({}), /no gradients/],
  ])('that make no sense are refused (%#)', (make, message) => {
    expect(make).toThrow(ConfigurationError)
    expect(make).toThrow(message)
  })

  it('describe themselves as JSON', () => {
    for (const { optimizer } of rows) {
      const described = optimizer.describe()
      expect(JSON.parse(JSON.stringify(described))).toEqual(described)
      expect(described.kind).toBe(optimizer.kind)
    }
  })
})
