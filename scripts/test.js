/**
 * `npm test`: builds, then runs every test: kernels and solvers on the newest Node, and everything on this one, with a
 * real browser and the packed package. Ends with the line "N passed, N failed"; exits with 1 unless all passed.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { env, execPath, exit, version } from 'node:process'
import { fileURLToPath } from 'node:url'
import { findOrInstallChromium } from './chromium.js'
import { newestNode } from './newestNode.js'

/** What a newer Node could break: WebAssembly, threads, and what runs on them. */
const onNewestNode = ['kernels', 'energy', 'inference', 'learning', 'models', 'contracts']

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const scratch = await mkdtemp(join(tmpdir(), 'energia-test-'))
let passed = 0
let failed = 0

try {
  const build = spawnSync(execPath, [join(root, 'scripts', 'build.js')], { cwd: root, stdio: 'inherit' })
  if (build.status !== 0) throw new Error('The build failed, so nothing can be tested.')
  env.CHROMIUM_PATH = findOrInstallChromium()

  const newest = newestNode(join(root, '.cache', 'newest-node'))
  if (newest.program !== execPath) {
    const folders = onNewestNode.map((name) => `test/${name}/`).filter((folder) => existsSync(join(root, folder)))
    console.log(`\nKernels and solvers on Node ${newest.version}, the newest:`)
    await vitest(newest.program, folders)
  }
  console.log(`\nEverything on Node ${version.slice(1)}:`)
  await vitest(execPath, [])
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  failed++
} finally {
  await rm(scratch, { recursive: true, force: true })
}
console.log(`\n${passed} passed, ${failed} failed`)
exit(failed === 0 && passed > 0 ? 0 : 1)

/**
 * Runs the tests in these folders (in all, where none is given) and counts them.
 * @param {string} node
 * @param {string[]} folders
 */
async function vitest(node, folders) {
  const results = join(scratch, 'results.json')
  await rm(results, { force: true })
  const program = join(root, 'node_modules', 'vitest', 'vitest.mjs')
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${results}`]
  const { status } = spawnSync(node, [program, 'run', ...reporters, ...folders], { cwd: root, stdio: 'inherit' })
  if (!existsSync(results)) throw new Error('The test runner stopped without results.')
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = JSON.parse(
    await readFile(results, 'utf8'),
  )
  passed += numPassedTests
  // A file that cannot be loaded holds no test that could fail; a test that is skipped has not passed.
  const unloaded = testResults.filter(
    (/** @type {{ status: string, assertionResults: unknown[] }} */ file) =>
      file.status === 'failed' && file.assertionResults.length === 0,
  )
  const bad = numFailedTests + numPendingTests + numTodoTests + unloaded.length
  failed += status === 0 ? bad : Math.max(1, bad)
}
