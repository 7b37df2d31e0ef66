import { describe, expect, it } from 'vitest'
import { memoryStore } from '../../src/artifacts/memoryStore.js'
import { squaredError } from '../../src/energy/costs/squaredError.js'
import { defineModule } from '../../src/energy/module.js'
import { linear } from '../../src/energy/modules/linear.js'
import { limitedNoise } from '../../src/energy/regularizers/limitedNoise.js'
import { concat, cos, mul, sin } from '../../src/graph/index.js'
import { adam } from '../../src/learning/optimizers/adam.js'
import { latentVariableModel } from '../../src/models/latentVariable.js'
import { loadModel } from '../../src/models/loadModel.js'
import { circle, curve, runtime } from './latentVariableProblems.js'
import { interrupted } from './support.js'

describe('a saved model', () => {
  it('comes back the same, with its codes and history', async () => {
    const store = memoryStore('run')
    const model = await latentVariableModel({
      ...curve,
      encoder: linear({ inputs: 2, outputs: 1 }),
      gamma: 0.3,
      regularizer: limitedNoise({ radius: 3, deviation: 0.1 }),
    }).fit(circle(200, 3), { epochs: 2 })
    await model.save(store)
    const back = await loadModel(store, { model: 'latent-variable', runtime })
    expect(back.parameters).toEqual(model.parameters)
    expect(back.keptCodes).toEqual(model.keptCodes)
    expect(back.history).toEqual(model.history)
    expect(back.settings).toEqual(model.settings)
    const y = circle(10, 4)
    expect(await back.encode(y)).toEqual(await model.encode(y))
    const any = await loadModel(store)
    expect(any.kind).toBe('latent-variable')
    await expect(loadModel(store, { model: 'sparse-coding' })).rejects.toThrow(
      /run of latent-variable.*sparse-coding was asked for/,
    )
    await expect(model.save(store)).rejects.toThrow(/overwrite/)
  })

  it('with functions of your own needs its definition', async () => {
    const mine = (name: string, scale = 1) =>
      latentVariableModel({
        shapes: { y: 2, z: 1 },
        decoder: defineModule({
          name,
          outputShape: [2],
          init: () => ({ radius: { shape: [1], data: Float32Array.of(0.4) } }),
          apply: ({ radius }, z) => mul(radius, concat([cos(z), mul(scale, sin(z))], 1)),
        }),
        cost: squaredError(),
        optimizer: adam({ learningRate: 0.02 }),
        definition: 'energies/circle.js',
        inference: { restarts: 2 },
        runtime,
      })
    const wider = mine('circle', 2)
    const store = memoryStore('run')
    const model = await mine('circle').fit(circle(256, 3, 1), { epochs: 30, run: store })
    expect(model.parameters['decoder.radius'].data[0]).toBeCloseTo(1, 1)
    await expect(loadModel(store)).rejects.toThrow(/energies\/circle\.js.*definition/)
    await expect(loadModel(store, { definition: mine('another') })).rejects.toThrow(
      /energy\.decoder\.name|decoder\.name is "circle" there/,
    )
    const back = await loadModel(store, { definition: mine('circle'), model: 'latent-variable' })
    expect(back.parameters).toEqual(model.parameters)
    // Functions that were edited are not those that learning was begun with, even where their names are.
    const stopped = memoryStore('stopped')
    expect(back.settings.ownFunctions).toMatch(/^[0-9a-f]{16}$/)
    expect((await mine('circle').model()).settings.ownFunctions).toBe(back.settings.ownFunctions)
    expect((await wider.model()).settings.ownFunctions).not.toBe(back.settings.ownFunctions)
    const stop = new AbortController()
    const data = interrupted(circle(256, 3, 1), 2, () => stop.abort())
    await expect(mine('circle').fit(data, { run: stopped, signal: stop.signal })).rejects.toThrow(/go on with resume/)
    await expect(wider.fit(data, { run: stopped, resume: true })).rejects.toThrow(/ownFunctions is "\w+" there and/)
    // y on the circle has a code that explains it; the middle of it has none.
    const [on, off] = await back.energy({ shape: [2, 2], data: Float32Array.of(0, 1, 0, 0) }, { restarts: 3 })
    expect(on).toBeLessThan(0.02)
    expect(off).toBeGreaterThan(0.3)
  })

  it('tells what it ran on', async () => {
    const store = memoryStore('run')
    await latentVariableModel(curve).fit(circle(100, 3), { epochs: 1, run: store })
    const lines = new TextDecoder()
      .decode(store.files()['metrics.ndjson'])
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines[0]).toMatchObject({ event: 'runtime', name: 'onnxruntime-node', device: 'cpu', threads: 1 })
    expect(lines.at(-1)).toEqual({ event: 'end', status: 'finished' })
    expect(new TextDecoder().decode(store.files()['README.md'])).toContain('latent-variable')
  })
})
