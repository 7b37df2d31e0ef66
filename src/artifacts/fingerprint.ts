import { ConfigurationError } from '../tensor/errors.js'

/**
 * A value as JSON whose text depends on nothing but the value: keys in order, no spaces. Fields that are undefined are
 * left out. Throws {@link ConfigurationError} for what JSON cannot hold: NaN, infinities, functions, typed arrays.
 */
export function canonicalJson(value: unknown, where = 'The value'): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map((element, i) => canonicalJson(element, `${where}[${i}]`)).join(',')}]`
  if (isPlain(value)) {
    const fields = Object.entries(value).filter(([, field]) => field !== undefined)
    fields.sort(([a], [b]) => (a < b ? -1 : Number(a > b)))
    return `{${fields.map(([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field, `${where}.${key}`)}`).join(',')}}`
  }
  throw new ConfigurationError(
    `${where} is ${typeof value === 'object' ? Object.prototype.toString.call(value) : String(value)}, which JSON cannot hold; use a finite number, a text, null, an array or a plain object.`,
  )
}

/** A configuration's label, 16 hexadecimal digits: equal for equal configurations (FNV-1a, 64 bits, of the canonical JSON). */
export function fingerprint(configuration: unknown): string {
  const mask = 0xffffffffffffffffn
  let hash = 0xcbf29ce484222325n
  for (const byte of new TextEncoder().encode(canonicalJson(configuration, 'The configuration'))) {
    hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & mask
  }
  return hash.toString(16).padStart(16, '0')
}

/**
 * A checksum of bytes in parts, 16 hexadecimal digits, the same on every machine. It is made to notice damage, not forgery: two
 * lanes of 32 bits, each a bijection of every word, so that no change within one word goes unnoticed, and any other with odds
 * of about 2⁻⁶⁴.
 */
export function checksum(parts: Iterable<Uint8Array>): string {
  let low = 0x811c9dc5
  let high = 0x9e3779b9
  const take = (word: number): void => {
    const a = low ^ word
    const b = high + word
    low = Math.imul((a << 13) | (a >>> 19), 0x85ebca6b)
    high = Math.imul((b << 17) | (b >>> 15), 0xc2b2ae35)
  }
  for (const part of parts) {
    const view = new DataView(part.buffer, part.byteOffset, part.byteLength)
    const words = part.length - (part.length % 4)
    for (let at = 0; at < words; at += 4) take(view.getUint32(at, true))
    for (let at = words; at < part.length; at++) take(part[at])
    take(part.length)
  }
  return [high, low].map((lane) => (lane >>> 0).toString(16).padStart(8, '0')).join('')
}

/** A setting that differs: its name with dots, and both values as JSON ("absent" where there is none). */
export interface Difference {
  readonly setting: string
  readonly there: string
  readonly here: string
}

/**
 * The settings in which two configurations differ, in order of their names. Objects are compared field by field, but those of
 * another kind by their kinds alone: their other settings have no counterparts.
 */
export function differences(there: unknown, here: unknown): Difference[] {
  const before = leaves(there)
  const now = leaves(here)
  const settings = [...new Set([...before.keys(), ...now.keys()])].sort()
  const found = settings.flatMap((setting) => {
    const [was, is] = [before.get(setting) ?? 'absent', now.get(setting) ?? 'absent']
    return was === is ? [] : [{ setting, there: was, here: is }]
  })
  const kinds = found.filter(({ setting }) => /(^|\.)kind$/.test(setting)).map(({ setting }) => setting)
  return found.filter(
    ({ setting }) => !kinds.some((kind) => setting !== kind && setting.startsWith(kind.slice(0, -'kind'.length))),
  )
}

/** Differences as words: "atoms is 256 there and 128 here; …". */
export function describeDifferences(found: readonly Difference[]): string {
  return found.map(({ setting, there, here }) => `${setting} is ${there} there and ${here} here`).join('; ')
}

/** Every setting that is no object of settings itself, by its name with dots. */
function leaves(value: unknown, path = '', found = new Map<string, string>()): Map<string, string> {
  const fields = isPlain(value) ? Object.entries(value).filter(([, field]) => field !== undefined) : []
  if (fields.length === 0) found.set(path || 'the configuration', canonicalJson(value, path))
  for (const [key, field] of fields) {
    const name = /^[\w-]+$/.test(key) ? key : JSON.stringify(key) // so that no two settings have one name
    leaves(field, path === '' ? name : `${path}.${name}`, found)
  }
  return found
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
