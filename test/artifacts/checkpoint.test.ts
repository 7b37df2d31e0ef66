import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkpointFile, loadCheckpoint, removeCheckpoint, saveCheckpoint } from '../../src/artifacts/checkpoint.js'
import { memoryStore } from '../../src/artifacts/memoryStore.js'
import { bytesOf, encodeSafetensors, storedTensor } from '../../src/artifacts/safetensors.js'
import { array, number, object, type Validator, whole } from '../../src/artifacts/validate.js'
import { ConfigurationError, FileFormatError } from '../../src/tensor/errors.js'
import { rng, rngFromState } from '../../src/tensor/random.js'

const anything: Validator<unknown> = (value) => value
const config = { atoms: 4, lambda: 1, regularizer: { kind: 'l1' } }

describe('a checkpoint', () => {
  it('is undefined where there is none', async () => {
    expect(await loadCheckpoint(memoryStore('run'), config, anything)).toBeUndefined()
  })

  it('gives back every bit', async () => {
    const state = fc.record({
      step: fc.nat(),
      best: fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => x + 0),
    })
    const floats = fc.float64Array({ maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(state, floats, async (given, sums) => {
        const store = memoryStore('run')
        const tensors = { sums: storedTensor(sums), words: storedTensor(Uint32Array.of(1, 0xffffffff)) }
        await saveCheckpoint(store, config, { state: given, tensors })
        const back = await loadCheckpoint(store, config, object({ step: whole(), best: number() }))
        expect(back?.state).toEqual(given)
        expect(bytesOf(back!.tensors.sums.data)).toEqual(bytesOf(sums))
        expect(back?.tensors.words).toEqual(tensors.words)
      }),
    )
  })

  it('continues a random stream', async () => {
    const store = memoryStore('run')
    const stream = rng(7)
    stream.normal()
    await saveCheckpoint(store, config, { state: stream.state(), tensors: {} })
    const back = await loadCheckpoint(store, config, anything)
    const resumed = rngFromState(back!.state as ReturnType<typeof stream.state>)
    expect([resumed.normal(), resumed.normal(), resumed.uniform()]).toEqual([
      stream.normal(),
      stream.normal(),
      stream.uniform(),
    ])
  })

  it('of another configuration is refused, with the settings that differ', async () => {
    const store = memoryStore('runs/a')
    await saveCheckpoint(store, config, { state: {}, tensors: {} })
    const turned = { regularizer: { kind: 'l1' }, lambda: 1, atoms: 4, seed: undefined }
    expect(await loadCheckpoint(store, turned, anything)).toBeDefined()
    const loading = loadCheckpoint(store, { ...config, atoms: 8, regularizer: { kind: 'group' } }, anything)
    await expect(loading).rejects.toThrow(FileFormatError)
    await expect(loading).rejects.toThrow(
      /runs\/a\/checkpoint\.safetensors belongs to another configuration: atoms is 4 there and 8 here; regularizer\.kind is "l1" there and "group" here\. .*--overwrite/,
    )
  })

  it('of another model is refused in one sentence, without a list of settings', async () => {
    const store = memoryStore('runs/a')
    await saveCheckpoint(store, { ...config, data: 'digits', seed: 0 }, { state: {}, tensors: {} })
    const other = { energy: { kind: 'x' }, latent: 2, beta: 1, hidden: [8], data: 'digits', seed: 0 }
    const refused = await loadCheckpoint(store, other, anything).catch((error) => error)
    expect(refused).toBeInstanceOf(FileFormatError)
    expect(refused.message).toMatch(/runs\/a\/checkpoint\.safetensors belongs to a model of another kind/)
    expect(refused.message).not.toMatch(/atoms|latent/)
  })

  it('takes no state that JSON would change, and leaves the one before', async () => {
    const store = memoryStore('run')
    await saveCheckpoint(store, config, { state: 1, tensors: {} })
    for (const state of [{ best: Number.POSITIVE_INFINITY }, { sums: Float64Array.of(1) }, undefined]) {
      await expect(saveCheckpoint(store, config, { state, tensors: {} })).rejects.toThrow(ConfigurationError)
    }
    expect((await loadCheckpoint(store, config, anything))?.state).toBe(1)
    await removeCheckpoint(store)
    expect(await loadCheckpoint(store, config, anything)).toBeUndefined()
  })

  it.each([
    [{}, /not a checkpoint of Energia/],
    [{ format: 'energia-checkpoint', version: '1' }, /of version 1, and this Energia reads version 3/],
    [{ format: 'energia-checkpoint', version: '3' }, /lacks its configuration or state/],
    [{ format: 'energia-checkpoint', version: '3', config: '{}', state: '{}' }, /is damaged: .* checksum/],
  ])('is refused with metadata %j', async (metadata, sentence) => {
    const store = memoryStore('run', { [checkpointFile]: encodeSafetensors({}, metadata as Record<string, string>) })
    await expect(loadCheckpoint(store, {}, array(anything))).rejects.toThrow(FileFormatError)
    await expect(loadCheckpoint(store, {}, array(anything))).rejects.toThrow(sentence)
  })

  it('whose state is not of the expected form is refused', async () => {
    const store = memoryStore('run')
    await saveCheckpoint(store, config, { state: { a: 1 }, tensors: {} })
    await expect(loadCheckpoint(store, config, array(anything))).rejects.toThrow(
      /checkpoint\.safetensors: must be an array/,
    )
  })

  it('with a flipped bit gives nothing else back: it is refused, but where the bit has no meaning', async () => {
    const store = memoryStore('runs/a')
    const tensors = { w: storedTensor(Float32Array.of(1, 2)), marks: storedTensor(Uint8Array.of(1, 2, 3)) }
    await saveCheckpoint(store, config, { state: { step: 12 }, tensors })
    const bytes = store.files()[checkpointFile]
    const saved = await loadCheckpoint(store, config, anything)
    const tensorBytes = bytes.length - 11
    for (let at = 0; at < bytes.length; at++) {
      for (const bit of [1, 2, 64]) {
        const damaged = bytes.slice()
        damaged[at] ^= bit
        const loading = loadCheckpoint(memoryStore('runs/a', { [checkpointFile]: damaged }), config, anything)
        if (at >= tensorBytes) {
          await expect(loading).rejects.toThrow(/runs\/a\/checkpoint\.safetensors is damaged: .*checksum.*--overwrite/)
        } else {
          const outcome = await loading.catch((error) => error)
          if (!(outcome instanceof FileFormatError)) expect(outcome).toEqual(saved)
        }
      }
    }
  })

  it('cut off anywhere is refused', async () => {
    const whole = memoryStore('run')
    await saveCheckpoint(whole, config, { state: { step: 1 }, tensors: { w: storedTensor(Float32Array.of(1, 2)) } })
    const bytes = whole.files()[checkpointFile]
    for (let length = 0; length < bytes.length; length++) {
      const store = memoryStore('run', { [checkpointFile]: bytes.slice(0, length) })
      await expect(loadCheckpoint(store, config, anything)).rejects.toThrow(FileFormatError)
    }
  })
})
