import { describe, expect, it } from 'vitest'
import { checkpointFile } from '../../src/artifacts/checkpoint.js'
import { memoryStore } from '../../src/artifacts/memoryStore.js'
import { decodeSafetensors, encodeSafetensors } from '../../src/artifacts/safetensors.js'
import {
  type ConvolutionalData,
  type ConvolutionalSparseCodingOptions,
  convolutionalSparseCoding,
} from '../../src/models/convolutionalSparseCoding.js'
import { loadModel } from '../../src/models/loadModel.js'
import { highPass } from '../../src/preprocess/highPass.js'
import type { ImageStep } from '../../src/preprocess/preprocessor.js'
import { CancelledError, FileFormatError } from '../../src/tensor/errors.js'
import { bitsOf, plantedImages, plantedKernels } from './convolutionalProblems.js'
import { interrupted } from './support.js'

const length = 7
const signals = plantedImages(plantedKernels(3, 1, length), [1, length], {
  count: 6,
  height: 1,
  width: 60,
  active: 6,
  seed: 1,
})
const epochs = 4

/** A high-pass that does something before its `count`-th observation. */
function countingStep(count: number, action: () => void): ImageStep {
  const inner = highPass({ spatial: 1 })
  let seen = 0
  return {
    ...inner,
    apply(observation) {
      if (++seen === count) action()
      return inner.apply(observation)
    },
  }
}

const base: ConvolutionalSparseCodingOptions = { kernels: 4, size: [length], lambda: 0.2, seed: 3, deadAfter: 8 }
const settings: Record<string, { options: ConvolutionalSparseCodingOptions; stream: boolean }> = {
  online: { options: { ...base, batchSize: 2, duplicateCosine: 0.7 }, stream: false },
  batch: { options: { ...base, learning: 'batch' }, stream: false },
  'online, from a stream': { options: { ...base, batchSize: 4, lambda: 0.1 }, stream: true },
  'batch, from a stream': { options: { ...base, learning: 'batch', boundary: 'valid' }, stream: true },
}

/** Learns until observation (or batch) `count` is drawn, is cancelled there, and leaves its checkpoint in a store. */
async function stopped(name: string, count: number) {
  const { options, stream } = settings[name]
  const store = memoryStore('run')
  const stop = new AbortController()
  const abort = () => stop.abort()
  const data: ConvolutionalData = stream ? interrupted(signals, count, abort) : signals
  const step = stream ? highPass({ spatial: 1 }) : countingStep(count, abort)
  const learning = convolutionalSparseCoding({ ...options, transform: [step] }).fit(data, {
    epochs,
    run: store,
    signal: stop.signal,
  })
  await expect(learning).rejects.toThrow(CancelledError)
  expect(await store.exists(checkpointFile)).toBe(true)
  return store
}

const untouched = (name: string, threads?: number) =>
  convolutionalSparseCoding({
    ...settings[name].options,
    transform: [highPass({ spatial: 1 })],
    ...(threads === undefined ? {} : { threads }),
  })
const dataOf = (name: string): ConvolutionalData =>
  settings[name].stream ? interrupted(signals, 1e9, () => {}) : signals

describe('a run of convolutional learning that was stopped', () => {
  for (const name of Object.keys(settings)) {
    it(`ends in the same bits as one that was not: ${name}`, async () => {
      const whole = await untouched(name).fit(dataOf(name), { epochs })
      // Observations are drawn for checking and for first kernels before learning draws any.
      for (const count of settings[name].stream ? (name.startsWith('online') ? [5, 7] : [3, 5]) : [13, 15, 22]) {
        const store = await stopped(name, count)
        for (const threads of count === 15 ? [1, 2] : [2]) {
          const again = memoryStore('run', store.files())
          const model = await untouched(name, threads).fit(dataOf(name), { epochs, run: again, resume: true })
          expect(bitsOf(model)).toEqual(bitsOf(whole))
          expect(await again.exists(checkpointFile)).toBe(false)
          expect(model.history.at(-1)?.seen).toBe(epochs * 6)
          const saved = await loadModel(again, { model: 'conv-sparse-coding' })
          expect(bitsOf(saved)).toEqual(bitsOf(whole))
          expect(saved.history).toEqual(model.history)
        }
      }
    })
  }

  it('is not resumed under other settings, which are named', async () => {
    const store = await stopped('online', 15)
    const before = store.files()
    for (const [changed, message] of [
      [{ lambda: 0.3 }, /lambda is 0\.2 there and 0\.3 here/],
      [{ kernels: 5 }, /kernels is 4 there and 5 here/],
      [{ boundary: 'valid' }, /boundary/],
    ] as const) {
      const options = { ...settings.online.options, transform: [highPass({ spatial: 1 })], ...changed }
      const learning = convolutionalSparseCoding(options).fit(signals, { epochs, run: store, resume: true })
      await expect(learning).rejects.toThrow(message)
      expect(store.files()).toEqual(before)
    }
  })

  it('is refused in a sentence where its checkpoint lacks a part, or has it in another shape', async () => {
    const store = await stopped('online', 15)
    const files = store.files()
    const { tensors, metadata } = decodeSafetensors(files[checkpointFile])
    for (const name of Object.keys(tensors)) {
      const { [name]: whole, ...others } = tensors
      const grown = {
        ...whole,
        shape: [whole.data.length + 1],
        data: new (whole.data.constructor as Float32ArrayConstructor)(whole.data.length + 1),
      } as typeof whole
      for (const damaged of [others, { ...others, [name]: grown }]) {
        const broken = memoryStore('run', { ...files, [checkpointFile]: encodeSafetensors(damaged, metadata) })
        const learning = untouched('online').fit(signals, { epochs, run: broken, resume: true })
        await expect(learning, name).rejects.toThrow(FileFormatError)
      }
    }
  })
})
