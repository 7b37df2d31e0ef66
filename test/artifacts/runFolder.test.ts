import { describe, expect, it } from 'vitest'
import { saveCheckpoint } from '../../src/artifacts/checkpoint.js'
import { type MemoryStore, memoryStore } from '../../src/artifacts/memoryStore.js'
import { createRun, openRun } from '../../src/artifacts/runFolder.js'
import { storedTensor } from '../../src/artifacts/safetensors.js'
import { number, object } from '../../src/artifacts/validate.js'
import { ConfigurationError, FileFormatError } from '../../src/tensor/errors.js'

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
const settings = object({ lambda: number({ above: 0 }) })
const atoms = { atoms: storedTensor(Float32Array.of(1, 0, 0, 1), [2, 2]) }

/** A finished run with everything in it, and a file of a person's own. */
async function finishedRun(): Promise<MemoryStore> {
  const store = memoryStore('runs/a')
  const run = await (await createRun(store)).begin('sparse-coding', { lambda: 1 })
  await run.appendMetrics({ epoch: 0 })
  await run.saveTensors(atoms, { note: 'x' })
  await run.savePicture('dictionary.png', Uint8Array.of(1))
  await run.saveCard('# A card\n')
  await store.writeAtomic('notes.txt', encode('mine'))
  return store
}

describe('a run folder', () => {
  it('gives back what was saved', async () => {
    const store = await finishedRun()
    const run = await openRun(store)
    expect(run.model).toBe('sparse-coding')
    expect(run.settings(settings)).toEqual({ lambda: 1 })
    expect(run.pictures).toEqual(['dictionary.png'])
    expect(await run.loadTensors()).toEqual({ tensors: atoms, metadata: { note: 'x' } })
    expect(await run.readMetrics()).toEqual([{ epoch: 0 }])
    expect(decode(store.files()['README.md'])).toBe('# A card\n')
    expect(JSON.parse(decode(store.files()['config.json']))).toEqual({
      format: 'energia-run',
      version: 1,
      model: 'sparse-coding',
      pictures: ['dictionary.png'],
      settings: { lambda: 1 },
    })
  })

  it('is not made where a run is, unless that is asked for', async () => {
    const store = await finishedRun()
    const before = store.files()
    const making = createRun(store)
    await expect(making).rejects.toThrow(ConfigurationError)
    await expect(making).rejects.toThrow(/runs\/a holds a finished run already; pass --overwrite/)
    await expect(createRun(store, { overwrite: true, resume: true })).rejects.toThrow(/not both/)
    expect(store.files()).toEqual(before)
    await store.writeAtomic('checkpoint.safetensors', encode(''))
    await expect(createRun(store)).rejects.toThrow(/runs\/a holds a run already; pass --resume.*--overwrite/)
  })

  it('is never made among files that are not of a run', async () => {
    for (const files of [
      { 'thesis.tex': encode('') },
      { 'config.json': encode('{"name":"another project"}') },
      { 'config.json': encode('{') },
    ]) {
      const store = memoryStore('work', files)
      for (const options of [{}, { overwrite: true }, { resume: true }]) {
        await expect(createRun(store, options)).rejects.toThrow(FileFormatError)
        await expect(createRun(store, options)).rejects.toThrow(/not of a run.*left alone/)
      }
      expect(store.files()).toEqual(files)
    }
  })

  it('is overwritten at the first write, without what is a person’s own', async () => {
    const store = await finishedRun()
    const before = store.files()
    const place = await createRun(store, { overwrite: true })
    expect(place.state).toBe('overwrites')
    await expect(place.begin('sparse-coding', { lambda: Number.NaN })).rejects.toThrow(ConfigurationError)
    expect(store.files()).toEqual(before)
    await place.begin('sparse-coding', { lambda: 2 })
    expect(await store.list()).toEqual(['config.json', 'notes.txt'])
    expect((await openRun(store)).settings(settings)).toEqual({ lambda: 2 })
  })

  it('of a newer version can be overwritten but not read', async () => {
    const newer = encode('{"format":"energia-run","version":2,"plan":[]}')
    const store = memoryStore('runs/a', { 'config.json': newer, 'model.safetensors': Uint8Array.of(1) })
    await expect(openRun(store)).rejects.toThrow(/config\.json has version 2.*up to version 1; update Energia/)
    await expect(createRun(store, { resume: true })).rejects.toThrow(/update Energia/)
    await (await createRun(store, { overwrite: true })).begin('sparse-coding', {})
    expect(await store.list()).toEqual(['config.json'])
  })

  it('that is overwritten cannot make files outside it be removed', async () => {
    const hostile = encode(
      '{"format":"energia-run","version":1,"model":"m","settings":{},"pictures":["../../../etc/passwd"]}',
    )
    const store = memoryStore('runs/a', { 'config.json': hostile })
    const place = await createRun(store, { overwrite: true })
    await expect(place.begin('m', {})).rejects.toThrow(/cannot be the name of a file/)
  })

  it('is continued where it stopped', async () => {
    const store = memoryStore('runs/a')
    const place = await createRun(store, { resume: true })
    expect(place.state).toBe('empty')
    const run = await place.begin('sparse-coding', { lambda: 1 })
    await run.savePicture('early.png', Uint8Array.of(1))
    await expect(run.loadTensors()).rejects.toThrow(/has no model\.safetensors.*not finished.*--resume/)
    await saveCheckpoint(store, { lambda: 1 }, { state: {}, tensors: {} })
    await run.saveTensors(atoms)

    const again = await createRun(store, { resume: true })
    expect(again.state).toBe('unfinished')
    await expect(again.begin('auto-encoder', {})).rejects.toThrow(
      /a run of sparse-coding.*cannot be resumed as auto-encoder/,
    )
    const resumed = await again.begin('sparse-coding', { lambda: 1 })
    expect(resumed.pictures).toEqual(['early.png'])
    expect(await store.exists('checkpoint.safetensors')).toBe(true)

    await store.remove('checkpoint.safetensors')
    expect((await createRun(store, { resume: true })).state).toBe('finished')
  })

  it('does not let a picture take the place of its own files', async () => {
    const store = await finishedRun()
    const run = await openRun(store)
    await expect(run.savePicture('model.safetensors', Uint8Array.of(1))).rejects.toThrow(ConfigurationError)
    await expect(run.savePicture('a/b.png', Uint8Array.of(1))).rejects.toThrow(/without slashes/)
    expect((await openRun(store)).pictures).toEqual(['dictionary.png'])
  })

  it.each([
    [undefined, /runs\/a is not a run folder: it is empty or does not exist/],
    ['{"format":"energia-run",', /config\.json is not valid JSON/],
    ['{"format":"other","version":1}', /not of a run of Energia/],
    ['{"format":"energia-run"}', /version is missing/],
    ['{"format":"energia-run","version":"1"}', /version must be a whole number/],
    ['{"format":"energia-run","version":0}', /version must be a whole number equal to 1; got 0/],
    [
      '{"format":"energia-run","version":1,"model":5,"settings":{},"pictures":[]}',
      /config\.json: model must be a text; got 5/,
    ],
    ['{"format":"energia-run","version":1,"model":"m","pictures":[]}', /settings is missing/],
    ['{"format":"energia-run","version":1,"model":"m","settings":{},"pictures":[],"x":1}', /x is not a known field/],
    ['{"format":"energia-run","version":1,"version":1}', /names "version" twice/],
  ])('is refused when its config.json is %j', async (written, sentence) => {
    const store = memoryStore('runs/a', written === undefined ? {} : { 'config.json': encode(written) })
    await expect(openRun(store)).rejects.toThrow(FileFormatError)
    await expect(openRun(store)).rejects.toThrow(sentence)
  })

  it('names the setting that is wrong', async () => {
    const store = memoryStore('runs/a')
    const run = await (await createRun(store)).begin('sparse-coding', { lambda: -1 })
    expect(() => run.settings(settings)).toThrow(
      'runs/a/config.json: settings.lambda must be a number above 0; got -1.',
    )
  })
})
