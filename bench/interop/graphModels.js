/*
 * Writes every operation of the graph engine, with first and second derivatives, as ONNX models, and what they are fed
 * with and must give, for graphCheck.py:
 *     node bench/interop/graphModels.js DIR && python bench/interop/graphCheck.py DIR
 * The cases are those of the tests; the numbers come from their interpreter, in double precision.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runnerImport } from 'vite'

const [place] = process.argv.slice(2)
if (place === undefined) {
  console.error('Usage: node bench/interop/graphModels.js DIR')
  process.exit(2)
}
const root = fileURLToPath(new URL('../..', import.meta.url))
/** @type {import('vite').InlineConfig} */
const config = { root, configFile: false, logLevel: 'warn' }
const { module } = await runnerImport(join(root, 'test/graph/models.ts'), config)
/** @type {typeof import('../../test/graph/models.js')} */
const { models } = module

await mkdir(place, { recursive: true })
const index = []
for (const [i, { name, bytes, runs }] of models().entries()) {
  const file = `${String(i).padStart(3, '0')}.onnx`
  await writeFile(join(place, file), bytes)
  index.push({ name, file, runs })
}
await writeFile(join(place, 'models.json'), JSON.stringify(index))
console.log(`${index.length} models in ${place}`)
