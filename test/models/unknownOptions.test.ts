import { describe, expect, it } from 'vitest'
import { memoryStore } from '../../src/artifacts/memoryStore.js'
import { squaredError } from '../../src/energy/costs/squaredError.js'
import { linear } from '../../src/energy/modules/linear.js'
import { latentVariableModel } from '../../src/models/latentVariable.js'
import { lista } from '../../src/models/lista.js'
import { loadModel } from '../../src/models/loadModel.js'
import { predictiveSparseDecomposition } from '../../src/models/predictiveSparseDecomposition.js'
import { sparseCoding } from '../../src/models/sparseCoding.js'
import { variationalAutoEncoder } from '../../src/models/variationalAutoEncoder.js'
import { runtime } from '../../src/runtime/runtime.js'
import { ConfigurationError } from '../../src/tensor/errors.js'
import { checkOptions } from '../../src/tensor/options.js'

const data = { shape: [20, 4], data: Float32Array.from({ length: 80 }, (_, i) => ((i * 7) % 11) / 11) }
const energy = { shapes: { y: 4, z: 2 }, decoder: linear({ inputs: 2, outputs: 4 }), cost: squaredError() }
const machine = { threads: 1 }

/** Each model with options, one step of learning, and the words that tell what was misspelt. */
const models = {
  sparseCoding: (more: object) => sparseCoding({ atoms: 3, lambda: 0.1, threads: 1, ...more }),
  lista: (more: object) => lista({ dictionary: data, lambda: 0.1, trainingSteps: 1, runtime: machine, ...more }),
  predictiveSparseDecomposition: (more: object) =>
    predictiveSparseDecomposition({ dictionary: data, lambda: 0.1, trainingSteps: 1, runtime: machine, ...more }),
  latentVariableModel: (more: object) => latentVariableModel({ ...energy, runtime: machine, ...more }),
  variationalAutoEncoder: (more: object) =>
    variationalAutoEncoder({ latent: 1, hidden: [2], runtime: machine, ...more }),
}

describe.each(Object.entries(models))('%s', (name, make) => {
  it('refuses options that it does not have, and names the nearest', async () => {
    for (const [misspelt, meant] of [
      ['batchsize', 'batchSize'],
      ['sed', 'seed'],
    ]) {
      expect(() => make({ [misspelt]: 5 })).toThrow(ConfigurationError)
      expect(() => make({ [misspelt]: 5 })).toThrow(`${name} has no option "${misspelt}"; did you mean ${meant}?`)
    }
    expect(() => make({ colour: 'red' })).toThrow(/has no option "colour"; it has .*seed/)
    make({ seed: undefined, colour: undefined })
    await expect(make({}).fit(data, { second: 1 } as object)).rejects.toThrow('did you mean seconds?')
    await expect(make({}).fit(data, { onprogress: () => {} } as object)).rejects.toThrow('did you mean onProgress?')
    const store = memoryStore('run')
    const model = await make({}).fit(data, { run: store })
    await expect(model.encode(data, { signals: 1 } as object)).rejects.toThrow(
      'encode has no option "signals"; did you',
    )
    await expect(model.save('never', { overwite: true } as object)).rejects.toThrow('did you mean overwrite?')
    await expect(loadModel(store, { thread: 1 } as object)).rejects.toThrow('loadModel has no option "thread"; did you')
    model.dispose()
  })
})

it('a machine refuses options that it does not have', async () => {
  await expect(runtime({ thread: 2 } as object)).rejects.toThrow(
    'runtime has no option "thread"; did you mean threads?',
  )
  expect(() => latentVariableModel({ ...energy, inference: { steps: 5 } as object })).toThrow(/inference has no option/)
})

it('options are an object', () => {
  for (const given of [[], 'atoms', 5, null]) {
    expect(() => checkOptions('it', given as never, { atoms: true })).toThrow(
      /it takes an object of options, \{ atoms, … \}; got/,
    )
  }
})
