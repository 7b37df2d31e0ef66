import { describe, expect, it } from 'vitest'
import { squaredError } from '../../src/energy/costs/squaredError.js'
import { defineModule } from '../../src/energy/module.js'
import { linear } from '../../src/energy/modules/linear.js'
import { mlp } from '../../src/energy/modules/mlp.js'
import { l1 } from '../../src/energy/regularizers/l1.js'
import { fromDense } from '../../src/inference/codes.js'
import { exportOnnx } from '../../src/models/exportOnnx.js'
import { type LatentVariableOptions, latentVariableModel } from '../../src/models/latentVariable.js'
import { lista } from '../../src/models/lista.js'
import { variationalAutoEncoder } from '../../src/models/variationalAutoEncoder.js'
import { ConfigurationError, DataError, ShapeError } from '../../src/tensor/errors.js'

/** Calls as JavaScript makes them, which no types hold back. */
const call = (make: (...given: never[]) => unknown, ...given: unknown[]) => make(...(given as never[]))

const parts: LatentVariableOptions = {
  shapes: { y: 3, z: 2 },
  decoder: linear({ inputs: 2, outputs: 3, bias: false }),
  cost: squaredError(),
  runtime: { threads: 1 },
}
const vae = { latent: 2, hidden: [4] }

describe('what is no part is refused with what was given and expected', () => {
  it.each([
    [variationalAutoEncoder, [], /variationalAutoEncoder takes an object of options.*got undefined/],
    [variationalAutoEncoder, [{ latent: 2, hidden: 4 }], /hidden must be a list of sizes.*got 4/],
    [variationalAutoEncoder, [{ latent: 2, hidden: '400' }], /hidden must be a list of sizes.*got "400"/],
    [variationalAutoEncoder, [{ latent: 2, hidden: { encoder: 4, decoder: [4] } }], /hidden\.encoder must be a list/],
    [variationalAutoEncoder, [{ ...vae, optimizer: 'adam' }], /optimizer must be.*adam\(\); got "adam"/],
    [variationalAutoEncoder, [{ latent: 2, modules: { encoder: {} } }], /encoder must be one made by the library/],
    [latentVariableModel, [], /latentVariableModel takes an object of options.*got undefined/],
    [latentVariableModel, [{}], /shapes takes an object of options.*got undefined/],
    [latentVariableModel, [{ ...parts, cost: 'squared-error' }], /cost must be.*squaredError\(\); got "squared-error"/],
    [latentVariableModel, [{ ...parts, decoder: { kind: 'linear' } }], /decoder must be.*got an object without apply/],
    [latentVariableModel, [{ ...parts, decoder: () => 1 }], /decoder must be.*got a function/],
    [latentVariableModel, [{ ...parts, optimizer: 'adam' }], /optimizer must be.*got "adam"/],
    [mlp, [{ inputs: 2, hidden: 4, outputs: 2 }], /hidden must be a list of sizes.*got 4/],
    [lista, [], /lista takes an object of options.*got undefined/],
    [lista, [{ dictionary: { kind: 'variational-auto-encoder' }, lambda: 1 }], /dictionary must be atoms.*variational/],
    [exportOnnx, [], /exportOnnx takes a learned model.*got undefined/],
    [exportOnnx, [{ kind: 'oracle' }], /got one of kind "oracle"/],
  ] as const)('%o %j', (make, given, message) => {
    expect(() => call(make, ...given)).toThrow(ConfigurationError)
    expect(() => call(make, ...given)).toThrow(message)
  })

  it('and a cost whose value is no tensor', () => {
    const cost = { ...squaredError(), value: () => 0 as never }
    expect(() => latentVariableModel({ ...parts, cost })).toThrow(ShapeError)
    expect(() => latentVariableModel({ ...parts, cost })).toThrow(/returned 0; it must return a symbolic tensor/)
  })
})

describe('a latent-variable model', () => {
  const y = { shape: [1, 3], data: Float32Array.of(1, 2, 3) }

  it('refuses dense codes to start from, parameters and codes that are not finite, and too many samples', async () => {
    const definition = latentVariableModel(parts)
    const model = await definition.model()
    const dense = { shape: [1, 2], data: new Float32Array(2) }
    await expect(model.encode(y, { warmStart: dense as never })).rejects.toThrow(/Codes to start from.*fromDense/)
    await expect(model.sample(1e12)).rejects.toThrow(/too many to hold at once; draw 89478485 at most/)
    await expect(model.predict(undefined, { count: 2 ** 31 })).rejects.toThrow(ConfigurationError)
    const bad = { 'decoder.weight': { shape: [3, 2], data: new Float32Array(6).fill(Number.NaN) } }
    await expect(definition.model(bad)).rejects.toThrow(DataError)
    await expect(definition.model(bad)).rejects.toThrow(/"decoder\.weight" holds NaN/)
    model.dispose()
  })

  it('refuses to work once it is disposed of', async () => {
    const model = await latentVariableModel(parts).model()
    const { codes } = await model.encode(y)
    model.dispose()
    await expect(model.encode(y)).rejects.toThrow(/has been disposed of/)
    await expect(model.decode(codes)).rejects.toThrow(/has been disposed of/)
  })

  it('says of observations beyond single precision that numbers are not finite', async () => {
    const regularizer = l1({ lambda: 0.1 })
    const network = mlp({ inputs: 2, hidden: [3], outputs: 3 })
    for (const more of [{}, { regularizer }, { decoder: network }, { decoder: network, regularizer }]) {
      const model = await latentVariableModel({ ...parts, ...more }).model()
      const { status } = await model.encode({ shape: [1, 3], data: new Float32Array(3).fill(3e38) })
      expect(status).toEqual(['nonFinite'])
      model.dispose()
    }
  })
})

describe('a variational auto-encoder', () => {
  it('refuses codes that are not finite, more samples than memory holds, and to work once disposed of', async () => {
    const y = { shape: [2, 3], data: new Float32Array(6).fill(0.5) }
    const model = await variationalAutoEncoder({ ...vae, runtime: { threads: 1 } }).fit(y, { epochs: 1 })
    const z = { shape: [1, 2], data: Float32Array.of(0, Number.NaN) }
    await expect(model.decode(z)).rejects.toThrow(/z holds NaN at element 1/)
    await expect(model.decode(fromDense({ shape: [1, 2], data: new Float32Array(2) }))).resolves.toBeDefined()
    await expect(model.sample(2 ** 31)).rejects.toThrow(ConfigurationError)
    await expect(model.sample(1e12)).rejects.toThrow(/too many to hold at once/)
    model.dispose()
    await expect(model.encode(y)).rejects.toThrow(/has been disposed of/)
  })

  it('refuses a size that no memory holds when it is made for data', async () => {
    const y = { shape: [2, 3], data: new Float32Array(6).fill(0.5) }
    await expect(variationalAutoEncoder({ ...vae, latent: 1e9 }).fit(y)).rejects.toThrow(/GiB; a module may have 1 GiB/)
  })
})

it('a module of your own needs no shapes', () => {
  const decoder = defineModule({ name: 'copy', outputShape: [2], apply: (_, z) => z })
  expect(() => latentVariableModel({ ...parts, shapes: { y: 2, z: 2 }, decoder })).not.toThrow()
})
