/**
 * Builds the project: kernels (AssemblyScript → WebAssembly), embedded data, TypeScript → dist/, API reference. Run by `npm ci` and before
 * packing. With `--kernels` only what the sources need to run under a test runner is made: kernels and data.
 */
import { spawnSync } from 'node:child_process'
import { cp, mkdir, readFile, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { writeApiReference } from './apiReference.js'
import { packData } from './packData.js'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const at = (/** @type {string[]} */ ...parts) => join(root, ...parts)

/** @param {string} script @param {string[]} args */
function run(script, ...args) {
  const { status, error } = spawnSync(process.execPath, [at('node_modules', script), ...args], {
    cwd: root,
    stdio: 'inherit',
  })
  if (error) throw error
  if (status !== 0) process.exit(status ?? 1)
}

const installed = await stat(at('node_modules', 'assemblyscript')).catch(() => undefined)
if (!installed) {
  console.error('The tools that build Energia are not installed; run npm ci (with development dependencies) first.')
  process.exit(1)
}

// The kernels: fixed-width SIMD and shared memory; the host owns all memory, so there is no runtime and no start-up data. With -O3
// the optimizer inlines and folds more, and what engines then make of it is slower: 7 % for codes of patches, 2 to 8 % for convolutions.
run(
  'assemblyscript/bin/asc.js',
  'assembly/index.ts',
  '--outFile',
  'src/kernels/energia.wasm',
  ...['--runtime', 'stub', '--enable', 'simd', '--enable', 'threads', '--sharedMemory', '--importMemory'],
  ...['--initialMemory', '16', '--maximumMemory', '65536', '-O2', '--noAssert', '--converge'],
)
// The kernels of optimizers, whose memory is not shared.
run(
  'assemblyscript/bin/asc.js',
  'assembly/optimizers.ts',
  '--outFile',
  'src/kernels/optimizers.wasm',
  ...['--runtime', 'stub', '--enable', 'simd', '--importMemory'],
  ...['--initialMemory', '1', '--maximumMemory', '65536', '-O3', '--noAssert', '--converge'],
)
await packData(at('src', 'data', 'embedded'))

if (!process.argv.includes('--kernels')) {
  await rm(at('dist'), { recursive: true, force: true })
  run('typescript/bin/tsc', '-p', 'tsconfig.build.json')
  for (const kernels of ['energia.wasm', 'optimizers.wasm']) {
    await cp(at('src', 'kernels', kernels), at('dist', 'src', 'kernels', kernels))
  }
  await mkdir(at('dist', 'src', 'data'), { recursive: true })
  await cp(at('src', 'data', 'embedded'), at('dist', 'src', 'data', 'embedded'), { recursive: true })
  const { version } = JSON.parse(await readFile(at('package.json'), 'utf8'))
  await writeApiReference(root, version)
}
