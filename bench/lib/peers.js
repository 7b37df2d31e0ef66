import { execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { rmSync } from 'node:fs'
import { access, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { processorFlags } from './machine.js'
import { readNpy, writeNpy } from './npy.js'

/** @typedef {import('./objective.js').Tensor} Tensor */
/** @typedef {import('./objective.js').Codes} Codes */
/** @typedef {{ python: string, versions: Record<string, string>, blas: { file: string, version: string, kernels: string }[] }} Hello */

const run = promisify(execFile)
const folder = fileURLToPath(new URL('../peers/', import.meta.url))

/** @typedef {'sparse' | 'networks' | 'convolutional'} Family a package in bench/peers with requirements of its own: scikit-learn and SPAMS, PyTorch, or SPORCO and alphacsc */

/** A family's own environment: PyTorch is gigabytes that coding benchmarks need not fetch. @param {Family} family */
const environmentOf = (family) => fileURLToPath(new URL(`../.venv/${family}/`, import.meta.url))

/** @param {string} environment */
const pythonOf = (environment) => join(environment, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python')

/**
 * Makes bench/.venv/FAMILY from the family's requirements.txt, once for each content of that file. pip obeys the user's own
 * settings (PIP_INDEX_URL, PIP_EXTRA_INDEX_URL …). Throws a sentence on what is missing.
 * @param {Family} family
 * @param {(line: string) => void} say
 */
async function ensureEnvironment(family, say) {
  const environment = environmentOf(family)
  const python = pythonOf(environment)
  const requirements = join(folder, family, 'requirements.txt')
  const stamp = join(environment, 'requirements.sha256')
  const wanted = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex')
  if ((await readFile(stamp, 'utf8').catch(() => '')) === wanted && (await exists(python))) return
  say(`Setting up the peers’ Python environment in bench/.venv/${family} (once) …`)
  await rm(environment, { recursive: true, force: true })
  try {
    await run('python3', ['-m', 'venv', environment])
    await run(python, ['-m', 'pip', 'install', '--quiet', '--requirement', requirements], { maxBuffer: 2 ** 26 })
  } catch (error) {
    const reason = error instanceof Error ? error.message.trim().split('\n').slice(-3).join(' ') : String(error)
    throw new Error(
      `The peers need python3 (3.11 or newer, with venv) and a package index that pip can reach: ${reason}`,
    )
  }
  await writeFile(stamp, wanted)
}

/** @param {string} path */
const exists = (path) =>
  access(path).then(
    () => true,
    () => false,
  )

/**
 * OpenBLAS chooses its kernels by the processor's name. The release inside SPAMS does not know the newest ones and falls back to
 * SSE2, at half the speed; naming the family gives every peer its best.
 */
function blasKernels() {
  const flags = processorFlags()
  if (flags.has('avx512bw')) return { OPENBLAS_CORETYPE: 'SKYLAKEX' }
  return flags.has('avx2') ? { OPENBLAS_CORETYPE: 'Haswell' } : {}
}

/** The peers' process: started once, driven a request at a time. */
export class Peers {
  /** @type {import('node:child_process').ChildProcessByStdio<import('node:stream').Writable, import('node:stream').Readable, null>} */
  #process
  /** @type {AsyncIterator<string>} */
  #answers
  /** @type {string} */
  #directory
  /** What runs there. @type {Hello} */
  hello = { python: '', versions: {}, blas: [] }

  /** @param {Family} family @param {string} directory where arrays pass through; removed at the end */
  constructor(family, directory) {
    this.#directory = directory
    process.once('exit', () => rmSync(directory, { recursive: true, force: true }))
    this.#process = spawn(pythonOf(environmentOf(family)), [join(folder, 'server.py'), family], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, ...blasKernels(), PYTHONDONTWRITEBYTECODE: '1' },
    })
    this.#answers = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]()
  }

  /** Sets up the family's environment where needed and starts its process. @param {Family} family @param {(line: string) => void} say */
  static async start(family, say) {
    await ensureEnvironment(family, say)
    const peers = new Peers(family, await mkdtemp(join(tmpdir(), 'energia-bench-')))
    peers.hello = await peers.#ask('hello')
    return peers
  }

  /**
   * @param {string} operation
   * @param {Record<string, unknown>} [request]
   * @returns {Promise<any>} what server.py answers to this operation
   */
  async #ask(operation, request = {}) {
    this.#process.stdin.write(`${JSON.stringify({ operation, ...request })}\n`)
    const { value, done } = await this.#answers.next()
    if (done) throw new Error('The peers’ Python process ended before it answered; its messages stand above.')
    const answer = JSON.parse(value)
    if (answer.error) throw new Error(`The peers failed at ${operation}: ${answer.error}`)
    return answer
  }

  /**
   * Hands over an array under a name.
   * @param {string} name
   * @param {Tensor} tensor
   * @param {{ whole?: boolean }} [options] whole: keeps its shape, where it would become rows
   */
  async load(name, tensor, { whole = false } = {}) {
    const path = join(this.#directory, `${name}.npy`)
    await writeNpy(path, tensor.shape, tensor.data)
    await this.#ask('load', { name, path, whole })
    await rm(path)
  }

  /**
   * Codes `observations` (a name) over `atoms` (a name) and gives the solver's seconds.
   * @param {{ solver: string, observations: string, atoms: string, penalty: number, threads: number, setting?: number, count?: number }} request
   * @returns {Promise<number>}
   */
  async encode(request) {
    return (await this.#ask('encode', request)).seconds
  }

  /** The codes of the last {@link encode}. @returns {Promise<Codes>} */
  async codes() {
    const { shape } = await this.#ask('codes_to', { directory: this.#directory })
    const [indptr, indices, values] = await Promise.all(
      ['indptr', 'indices', 'data'].map((part) => readNpy(join(this.#directory, `${part}.npy`))),
    )
    return {
      shape,
      indptr: Int32Array.from(indptr.data),
      indices: Int32Array.from(indices.data),
      values: Float32Array.from(values.data),
    }
  }

  /**
   * Makes a learner, in place of the last of that name; {@link advance} runs it.
   * @param {string} learner its name in the family's LEARNERS
   * @param {Record<string, string>} data its arrays: the names they were loaded under
   * @param {Record<string, number | boolean | string>} options
   */
  async learn(learner, data, options) {
    await this.#ask('learn', { learner, data, ...options })
  }

  /** What was learned after `steps` steps, and the seconds they took from the start. @param {string} learner @param {number} steps */
  async advance(learner, steps) {
    const answer = await this.#ask('advance', { learner, steps, directory: this.#directory })
    /** @type {Record<string, Tensor>} */
    const learned = {}
    for (const name of answer.arrays) {
      const { shape, data } = await readNpy(join(this.#directory, `${name}.npy`))
      learned[name] = { shape, data: Float32Array.from(data) }
    }
    return { seconds: /** @type {number} */ (answer.seconds), learned }
  }

  /**
   * What a method shows step by step.
   * @param {string} method its name in the family's CURVES
   * @param {Record<string, string>} data
   * @param {Record<string, number>} options
   */
  async curve(method, data, options) {
    return await this.#ask('curve', { method, data, ...options })
  }

  async stop() {
    this.#process.stdin.end()
    await new Promise((resolve) =>
      this.#process.exitCode === null ? this.#process.once('exit', resolve) : resolve(null),
    )
  }
}
