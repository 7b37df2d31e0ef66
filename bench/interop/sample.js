/*
 * Writes a small run folder with codes.npz and observations.npy, made by the built package, for check.py:
 *     node bench/interop/sample.js DIR && python bench/interop/check.py DIR --observations DIR/observations.npy
 */
import { join } from 'node:path'

const [place] = process.argv.slice(2)
if (place === undefined) {
  console.error('Usage: node bench/interop/sample.js DIR')
  process.exit(2)
}
const built = (/** @type {string} */ name) => import(new URL(`../../dist/src/${name}.js`, import.meta.url).href)
const { createRun } = await built('artifacts/runFolder')
const { saveCheckpoint } = await built('artifacts/checkpoint')
const { storedTensor } = await built('artifacts/safetensors')
const { codesWriter } = await built('artifacts/codesWriter')
const { openStore } = await built('artifacts/store.node')
const { writeNpy } = await built('data/npy')
const { fromDense } = await built('inference/codes')
const { rng } = await built('tensor/random')

const [count, atoms, size, lambda] = [100, 12, 9, 0.5]
const random = rng(1)
const dictionary = Float32Array.from({ length: atoms * size }, () => random.normal())
for (let j = 0; j < atoms; j++) {
  const atom = dictionary.subarray(j * size, (j + 1) * size)
  const norm = Math.hypot(...atom)
  for (let i = 0; i < size; i++) atom[i] /= norm
}
const observations = Float32Array.from({ length: count * size }, () => random.normal())

const run = await (await createRun(place, { overwrite: true })).begin('sparse-coding', { atoms, lambda })
await run.saveTensors({ atoms: storedTensor(dictionary, [atoms, 3, 3]) }, { model: 'sparse-coding' })
await run.appendMetrics({ epoch: 0, objective: 1.5 })
await run.saveCard('# A sample\n')
const tensors = { gram: storedTensor(new Float64Array(4).fill(0.1), [2, 2]), words: storedTensor(Uint32Array.of(1, 2)) }
await saveCheckpoint(run.store, { atoms, lambda }, { state: { step: 3 }, tensors })
await openStore(place).writeAtomic('observations.npy', writeNpy({ shape: [count, 3, 3], data: observations }))

const columns = { energy: { dtype: 'F64' }, status: { dtype: 'U8' } }
const writer = await codesWriter(join(place, 'codes.npz'), atoms, { columns })
for (let begin = 0; begin < count; begin += 30) {
  const rows = Math.min(30, count - begin)
  const data = Float32Array.from({ length: rows * atoms }, () => (random.uniform() < 0.2 ? random.normal() : 0))
  const energy = new Float64Array(rows)
  for (let i = 0; i < rows; i++) {
    const code = data.subarray(i * atoms, (i + 1) * atoms)
    for (let p = 0; p < size; p++) {
      const decoded = code.reduce((sum, value, j) => sum + value * dictionary[j * size + p], 0)
      energy[i] += (observations[(begin + i) * size + p] - decoded) ** 2 / 2
    }
    energy[i] += code.reduce((sum, value) => sum + lambda * Math.abs(value), 0)
  }
  await writer.append(fromDense({ shape: [rows, atoms], data }), { energy, status: new Uint8Array(rows) })
}
await writer.finish()
