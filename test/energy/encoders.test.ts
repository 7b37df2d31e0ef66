import { describe, expect, it } from 'vitest'
import type { Encoder } from '../../src/energy/encoders/encoder.js'
import { linearShrink } from '../../src/energy/encoders/linearShrink.js'
import { linearTanhGain } from '../../src/energy/encoders/linearTanhGain.js'
import { listaEncoder } from '../../src/energy/encoders/listaEncoder.js'
import { encoderKinds, restoreEncoder } from '../../src/energy/encoders/restoreEncoder.js'
import { parameterInputs } from '../../src/energy/latentVariableEnergy.js'
import type { Parameters } from '../../src/energy/module.js'
import { l1 } from '../../src/energy/regularizers/l1.js'
import { encodeOnnx, gradient, input, square, sum } from '../../src/graph/index.js'
import { toDense } from '../../src/inference/codes.js'
import { linearEncoder } from '../../src/inference/linear/linearEncoder.js'
import { ista } from '../../src/inference/linear/solvers.js'
import { runtime } from '../../src/runtime/runtime.js'
import { ConfigurationError, DataError, ShapeError } from '../../src/tensor/errors.js'
import { rng } from '../../src/tensor/random.js'
import type { Tensor } from '../../src/tensor/tensor.js'
import { dictionaries, normalBatch } from '../inference/problems.js'
import { evaluateGraph } from '../reference/evaluateGraph.js'
import { gram, largestEigenvalue, rowsOf } from '../reference/linearAlgebra.js'

const lambda = 0.3
const [count, k, m] = [12, 20, 9]
const random = rng(5)
const atoms = dictionaries.unit(random, k, m)
const observations = normalBatch(random, count, m)

/** The definition, slowly: z ← shrink(z + Wᵀ(y − Wz)/L, λ/L), `steps` times from 0. */
function slowIsta(y: readonly number[], steps: number): number[] {
  const w = rowsOf(atoms.data, k, m)
  const lipschitz = largestEigenvalue(gram(w))
  let z = new Array<number>(k).fill(0)
  for (let step = 0; step < steps; step++) {
    const residual = y.map((value, p) => value - z.reduce((total, zj, j) => total + zj * w[j][p], 0))
    z = z.map((zj, j) => {
      const v = zj + w[j].reduce((total, value, p) => total + value * residual[p], 0) / lipschitz
      return Math.sign(v) * Math.max(Math.abs(v) - lambda / lipschitz, 0)
    })
  }
  return z
}

async function codesOf(encoder: Encoder, parameters: Parameters, y: Tensor): Promise<Float32Array> {
  const code = encoder.apply(parameterInputs(parameters), input('y', ['n', ...y.shape.slice(1)]))
  const program = await (await runtime({ threads: 1 })).compile(encodeOnnx({ outputs: { code } }))
  const result = await program.run({ ...parameters, y })
  program.dispose()
  return result.code.data as Float32Array
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0)
}

describe('LISTA from a dictionary', () => {
  for (const tied of [true, false]) {
    for (const steps of [0, 1, 2, 7]) {
      it(`of ${steps} steps, ${tied ? 'tied' : 'untied'}, is ISTA of ${steps + 1} from 0`, async () => {
        const encoder = listaEncoder({ inputs: m, outputs: k, steps, tied })
        const codes = await codesOf(encoder, encoder.start(atoms, lambda), observations)
        const slow = rowsOf(observations.data, count, m).flatMap((y) => slowIsta(y, steps + 1))
        // The kernels raise L by up to 1e-4 to prove that it is a bound.
        expect(largestDifference(codes, slow)).toBeLessThan(3e-4)
        const exact = await linearEncoder({ atoms, regularizer: l1({ lambda }), threads: 1 })
        const found = await exact.encode(observations, { solver: ista(), maxSteps: steps + 1, tolerance: 0 })
        exact.dispose()
        expect(largestDifference(codes, toDense(found.codes).data)).toBeLessThan(2e-6)
        expect(codes.some((value) => value !== 0)).toBe(true)
      })
    }
  }

  it('of no steps is linear–shrink', async () => {
    const y = observations
    const first = listaEncoder({ inputs: m, outputs: k, steps: 0 })
    const shrink = linearShrink({ inputs: m, outputs: k })
    expect(first.start(atoms, lambda)).toEqual(shrink.start(atoms, lambda))
    expect(await codesOf(first, first.start(atoms, lambda), y)).toEqual(
      await codesOf(shrink, shrink.start(atoms, lambda), y),
    )
  })
})

const encoders: readonly Encoder[] = [
  linearTanhGain({ inputs: m, outputs: k }),
  linearShrink({ inputs: m, outputs: k }),
  listaEncoder({ inputs: m, outputs: k, steps: 2 }),
  listaEncoder({ inputs: m, outputs: k, steps: 2, tied: false }),
]

describe('encoders', () => {
  it('have a row here for every kind', () => {
    expect(new Set(encoders.map(({ kind }) => kind))).toEqual(new Set(encoderKinds))
  })

  for (const encoder of encoders) {
    const name = JSON.stringify(encoder.describe())

    it(`come back from their description: ${name}`, () => {
      const again = restoreEncoder(JSON.parse(JSON.stringify(encoder.describe())))
      expect(again.describe()).toEqual(encoder.describe())
      expect(again.init(rng(3))).toEqual(encoder.init(rng(3)))
    })

    it(`start with the names and shapes of their first parameters: ${name}`, () => {
      const shapes = (parameters: Parameters) =>
        Object.fromEntries(Object.entries(parameters).map(([key, { shape }]) => [key, shape]))
      expect(shapes(encoder.start(atoms, lambda))).toEqual(shapes(encoder.init(rng(0))))
    })

    it(`have the derivatives of finite differences: ${name}`, () => {
      const parameters = encoder.init(rng(1))
      const symbols = parameterInputs(parameters)
      const y = input('y', ['n', m])
      const loss = sum(square(encoder.apply(symbols, y)))
      const names = Object.keys(parameters)
      const derivatives = gradient(loss, Object.values(symbols))
      const feeds = (changed: Parameters) => ({ ...changed, y: observations })
      const found = evaluateGraph(Object.fromEntries(names.map((key, i) => [key, derivatives[i]])), feeds(parameters))
      for (const key of names) {
        const place = Math.floor(parameters[key].data.length / 2)
        const moved = (by: number) => {
          const data = Float64Array.from(parameters[key].data)
          data[place] += by
          const fed = { ...parameters, [key]: { shape: parameters[key].shape, data } }
          return Number(evaluateGraph({ loss }, { ...fed, y: observations }).loss.data[0])
        }
        const slope = (moved(1e-5) - moved(-1e-5)) / 2e-5
        expect(Number(found[key].data[place]), key).toBeCloseTo(slope, 4)
      }
    })

    it(`keep thresholds at 0 or more: ${name}`, () => {
      const negative = Object.fromEntries(
        Object.entries(encoder.init(rng(1))).map(([key, { shape, data }]) => [
          key,
          { shape, data: data.map(() => -1) },
        ]),
      )
      const kept = evaluateGraph(encoder.constrain(parameterInputs(negative)), negative)
      for (const { data } of Object.values(kept))
        expect(Array.from(data).every((value) => Number(value) === 0)).toBe(true)
      expect(Object.keys(kept).every((key) => key.endsWith('threshold'))).toBe(true)
    })
  }

  it('take observations of any shape', async () => {
    const encoder = listaEncoder({ inputs: m, outputs: k, steps: 1 })
    const square = { shape: [count, 3, 3], data: observations.data }
    const parameters = encoder.start({ shape: [k, 3, 3], data: atoms.data }, lambda)
    expect(await codesOf(encoder, parameters, square)).toEqual(await codesOf(encoder, parameters, observations))
  })

  it('refuse what does not fit in a sentence', () => {
    expect(() => listaEncoder({ inputs: m, outputs: k, steps: -1 })).toThrow(ConfigurationError)
    expect(() => listaEncoder({ inputs: m, outputs: k, steps: 1.5 })).toThrow('whole number from 0')
    expect(() => linearShrink({ inputs: 0, outputs: k })).toThrow(ConfigurationError)
    expect(() => encoders[2].start({ shape: [k, 4], data: new Float32Array(k * 4) }, 1)).toThrow(ShapeError)
    expect(() => encoders[2].start({ shape: [k, m], data: new Float32Array(k * m) }, 1)).toThrow('All atoms')
    expect(() => encoders[2].start({ shape: [k, m], data: new Float32Array(k * m).fill(NaN) }, 1)).toThrow(DataError)
    expect(() => restoreEncoder({ kind: 'oracle' })).toThrow('There is no encoder "oracle"')
  })
})
