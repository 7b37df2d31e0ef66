#!/usr/bin/env node
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { convAutoencoder } from './cases/convAutoencoder.js'
import { convEncode } from './cases/convEncode.js'
import { csc } from './cases/csc.js'
import { cscLearn } from './cases/cscLearn.js'
import { cscPublished } from './cases/cscPublished.js'
import { cscScaling } from './cases/cscScaling.js'
import { denoise } from './cases/denoise.js'
import { encodeDigits } from './cases/encodeDigits.js'
import { encodePatches } from './cases/encodePatches.js'
import { graphOverhead } from './cases/graphOverhead.js'
import { learnDigits } from './cases/learnDigits.js'
import { lecture } from './cases/lecture.js'
import { lista } from './cases/lista.js'
import { listaTrain } from './cases/listaTrain.js'
import { proximalGraph } from './cases/proximalGraph.js'
import { scaling } from './cases/scaling.js'
import { vae } from './cases/vae.js'
import { Peers } from './lib/peers.js'
import { resultTable, writeResults } from './lib/results.js'

/**
 * @typedef {object} Job what every benchmark is given
 * @property {string | undefined} folder MNIST's folder
 * @property {string | undefined} images a folder with the images house and cameraman
 * @property {string | undefined} kernels an npz file with SPORCO's dictionaries
 * @property {readonly number[]} threads the numbers of threads to measure: one, and all
 * @property {Peers | undefined} peers
 * @property {number} repeats
 * @property {(line: string) => void} say progress, kept apart from the results
 *
 * @typedef {(job: Job) => Promise<import('./lib/results.js').Measured>} Benchmark
 */

/** @type {Record<string, Benchmark>} */
const benchmarks = {
  'encode-patches': encodePatches,
  'encode-digits': encodeDigits,
  'learn-digits': learnDigits,
  scaling,
  vae,
  lista,
  'lista-train': listaTrain,
  'proximal-graph': proximalGraph,
  'graph-overhead': graphOverhead,
  csc,
  'csc-published': cscPublished,
  'csc-learn': cscLearn,
  'csc-scaling': cscScaling,
  'conv-autoencoder': convAutoencoder,
  'conv-encode': convEncode,
  denoise,
  lecture,
}

/** Who stands beside ours. @type {Record<string, import('./lib/peers.js').Family>} */
const families = {
  'encode-patches': 'sparse',
  'encode-digits': 'sparse',
  'learn-digits': 'sparse',
  vae: 'networks',
  lista: 'sparse',
  'lista-train': 'networks',
  'proximal-graph': 'networks',
  'conv-autoencoder': 'networks',
  csc: 'convolutional',
  'csc-published': 'convolutional',
  'csc-learn': 'convolutional',
}

const usage = `npm run bench -- NAME [--peers] [--json] [--mnist DIR] [--images DIR] [--kernels FILE] [--repeats N] [--threads N]

NAME: ${Object.keys(benchmarks).join(', ')}
  --peers      measure scikit-learn and SPAMS, PyTorch, or SPORCO and alphacsc in the same run (sets up bench/.venv with
               python3; PyTorch takes 5.5 GB on Linux, see bench/peers/networks/requirements.txt)
  --json       print the result as JSON instead of a table; it is written to bench/results/NAME.json either way
  --mnist DIR  the folder with MNIST's IDX files (or ENERGIA_MNIST); without it the embedded digits are used
  --images DIR the folder with the images house and cameraman (csc, denoise); without it parts of the embedded photographs are used
  --kernels FILE  an npz file with SPORCO's dictionaries (csc); with --peers they come from its package
  --repeats N  how often each time is taken, 5 or more (7)
  --threads N  threads of the parallel case (all processors)`

/** @param {string} line */
const say = (line) => process.stderr.write(`${line}\n`)

/** @param {string} sentence @returns {never} */
function misused(sentence) {
  say(`${sentence}\n\n${usage}`)
  process.exit(2)
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        peers: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
        mnist: { type: 'string', default: process.env.ENERGIA_MNIST ?? '' },
        images: { type: 'string', default: '' },
        kernels: { type: 'string', default: '' },
        repeats: { type: 'string', default: '7' },
        threads: { type: 'string', default: String(availableParallelism()) },
      },
    })
  } catch (error) {
    return misused(error instanceof Error ? error.message : String(error))
  }
}

/** @param {string} name @param {string} text @param {number} least @returns {number} */
function whole(name, text, least) {
  const value = Number(text)
  if (!Number.isInteger(value) || value < least)
    misused(`--${name} must be a whole number, ${least} or more; got ${text}.`)
  return value
}

const { values, positionals } = readArguments()
if (values.help) {
  process.stdout.write(`${usage}\n`)
  process.exit(0)
}
const [name] = positionals
if (positionals.length !== 1 || !(name in benchmarks))
  misused(name ? `There is no benchmark “${positionals.join(' ')}”.` : 'Name a benchmark.')
const most = whole('threads', values.threads, 1)
const repeats = whole('repeats', values.repeats, 5)
process.once('SIGINT', () => process.exit(130))
/** @type {Peers | undefined} */
let peers
try {
  const family = families[name]
  peers = values.peers && family ? await Peers.start(family, say) : undefined
  const job = {
    folder: values.mnist || undefined,
    images: values.images || undefined,
    kernels: values.kernels || undefined,
    threads: most > 1 ? [1, most] : [1],
    peers,
    repeats,
    say,
  }
  const measured = await benchmarks[name](job)
  const { path, report } = await writeResults(name, peers ? { ...measured, peers: peers.hello } : measured)
  process.stdout.write(values.json ? `${JSON.stringify(report)}\n` : `\n${resultTable(report.cases)}\n\n${path}\n`)
} catch (error) {
  say(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
} finally {
  await peers?.stop()
}
