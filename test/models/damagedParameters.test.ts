import { expect, it } from 'vitest'
import { memoryStore } from '../../src/artifacts/memoryStore.js'
import { decodeSafetensors, encodeSafetensors } from '../../src/artifacts/safetensors.js'
import { fromTensor } from '../../src/data/fromTensor.js'
import { squaredError } from '../../src/energy/costs/squaredError.js'
import { linear } from '../../src/energy/modules/linear.js'
import { latentVariableModel } from '../../src/models/latentVariable.js'
import { lista } from '../../src/models/lista.js'
import { loadModel } from '../../src/models/loadModel.js'
import { sparseCoding } from '../../src/models/sparseCoding.js'
import { variationalAutoEncoder } from '../../src/models/variationalAutoEncoder.js'
import { FileFormatError } from '../../src/tensor/errors.js'

const runtime = { threads: 1 }
const data = { shape: [20, 4], data: Float32Array.from({ length: 80 }, (_, i) => (1 + Math.sin(i * i)) / 2) }

const models = {
  'sparse coding': () => sparseCoding({ atoms: 3, lambda: 0.1, threads: 1 }).fit(data, { epochs: 1 }),
  lista: () => lista({ atoms: 3, lambda: 0.1, trainingSteps: 1, threads: 1, runtime }).fit(data),
  'latent variable': () =>
    latentVariableModel({
      shapes: { y: 4, z: 2 },
      decoder: linear({ inputs: 2, outputs: 4 }),
      cost: squaredError(),
      runtime,
    }).model(),
  'variational auto-encoder': () =>
    variationalAutoEncoder({ latent: 2, hidden: [3], runtime }).fit(data, { epochs: 1 }),
}

it.each(Object.entries(models))(
  '%s: a tensor that is not finite is refused with its name and file',
  async (_, make) => {
    const whole = memoryStore('run')
    const model = await make()
    await model.save(whole)
    model.dispose()
    const files = whole.files()
    const { tensors } = decodeSafetensors(files['model.safetensors'])
    for (const name of Object.keys(tensors)) {
      const damaged = { ...tensors, [name]: { ...tensors[name], data: tensors[name].data.slice() } } as typeof tensors
      damaged[name].data[0] = Number.NaN
      const store = memoryStore('run', { ...files, 'model.safetensors': encodeSafetensors(damaged) })
      const loading = loadModel(store, { runtime })
      await expect(loading, name).rejects.toThrow(FileFormatError)
      await expect(loading).rejects.toThrow(`run/model.safetensors: holds NaN in the tensor "${name}"`)
    }
  },
)

it('sizes that the tensors contradict are refused without memory for them', async () => {
  const whole = memoryStore('run')
  await (await models['variational auto-encoder']()).save(whole)
  const files = whole.files()
  const said = new TextDecoder().decode(files['config.json'])
  for (const [latent, message] of [
    [1e9, /GiB/],
    [20_000_000, /which must be F32/],
  ] as const) {
    const changed = said.replace(/"latent": *2/, `"latent": ${latent}`)
    expect(changed).not.toBe(said)
    const store = memoryStore('run', { ...files, 'config.json': new TextEncoder().encode(changed) })
    await expect(loadModel(store, { runtime })).rejects.toThrow(message)
  }
})

it.each([
  ['sparse coding', '"kind": "l1"', '"kind": "group"', /needs groupSize/],
  ['sparse coding', '"kind": "pipeline"', '"kind": "pipe"', /unknown kind "pipe"/],
  ['lista', '"kind": "lista"', '"kind": "oracle"', /There is no encoder "oracle"/],
  ['latent variable', '"kind": "linear"', '"kind": "line"', /There is no module "line"/],
  ['latent variable', '"kind": "squared-error"', '"kind": "cubed"', /There is no cost "cubed"/],
] as const)('%s: settings with %s made %s are refused with the name of the run', async (name, from, to, message) => {
  const store = memoryStore('a/run')
  await (await models[name]()).save(store)
  const config = new TextDecoder().decode(store.files()['config.json'])
  expect(config).toContain(from)
  await store.writeAtomic('config.json', new TextEncoder().encode(config.replace(from, to)))
  await expect(loadModel(store)).rejects.toThrow(message)
  await expect(loadModel(store)).rejects.toThrow(/^a\/run/)
})

it('numbers that a cost has no meaning for are refused with the name of their source', async () => {
  const source = fromTensor({ shape: data.shape, data: data.data.map((value) => 3 * value) }, 'three.npy')
  const vae = variationalAutoEncoder({ latent: 2, hidden: [3], runtime })
  await expect(vae.fit(source)).rejects.toThrow(/^three\.npy: Observations hold .* from 0 to 1/)
  const model = await vae.fit(data, { epochs: 1 })
  await expect(model.energy(source)).rejects.toThrow(/^three\.npy: Observations hold .* from 0 to 1/)
})
