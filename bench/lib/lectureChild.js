/**
 * A process of its own: makes the reduced lecture in a folder, and prints what it took. Takes one JSON argument.
 */
import { readFileSync } from 'node:fs'
import { lecture } from '../../dist/src/index.js'

/**
 * @typedef {{ out: string, threads: number }} Request
 * @typedef {object} Answer
 * @property {number} seconds
 * @property {number} peakBytes of resident memory, all of it
 * @property {number} claims made
 * @property {number} held of them
 * @property {Record<string, number>} sections seconds of each
 */

/** Bytes of the peak of resident memory. */
function peakBytes() {
  try {
    return Number(/^VmHWM:\s*(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024
  } catch {
    return process.resourceUsage().maxRSS * 1024
  }
}

/** @type {Request} */
const { out, threads } = JSON.parse(process.argv[2])
/** @type {Record<string, number>} */
const sections = {}
const begun = performance.now()
let last = { name: '', at: begun }
const enter = (/** @type {string} */ name) => {
  const at = performance.now()
  if (name === last.name) return
  if (last.name !== '') sections[last.name] = (at - last.at) / 1000
  last = { name, at }
}
const { claims } = await lecture({ out, threads, overwrite: true, onProgress: ({ section }) => enter(section) })
enter('')
/** @type {Answer} */
const answer = {
  seconds: (performance.now() - begun) / 1000,
  peakBytes: peakBytes(),
  claims: claims.length,
  held: claims.filter(({ holds }) => holds).length,
  sections,
}
process.stdout.write(`${JSON.stringify(answer)}\n`)
