import { FileFormatError } from '../tensor/errors.js'
import { formatShape, sameShape } from '../tensor/tensor.js'
import type { Dtype, StoredTensor } from './safetensors.js'

/**
 * Reads a value that came from a file: gives it back as a `T`, or throws {@link FileFormatError} with a sentence that
 * begins with `path`. A root path ends in a colon ("config.json:"); fields and elements are added to it.
 */
export type Validator<T> = (value: unknown, path: string) => T

/** What a validator gives. */
export type Valid<V> = V extends Validator<infer T> ? T : V extends Optional<infer T> ? T : never

/** A field that may be absent. */
export interface Optional<T> {
  readonly optional: Validator<T>
}

type Fields = Readonly<Record<string, Validator<unknown> | Optional<unknown>>>
type OptionalKeys<F> = { [K in keyof F]: F[K] extends Optional<unknown> ? K : never }[keyof F]
type ValidObject<F> = { [K in Exclude<keyof F, OptionalKeys<F>>]: Valid<F[K]> } & {
  [K in OptionalKeys<F>]?: Valid<F[K]>
}

/** Marks a field of {@link object} that may be absent. */
export function optional<T>(validator: Validator<T>): Optional<T> {
  return { optional: validator }
}

/** An object with exactly these fields; a missing or unknown one is an error that lists the known ones. */
export function object<F extends Fields>(fields: F): Validator<ValidObject<F>> {
  return (value, path) => {
    if (!isPlainObject(value)) throw mismatch(path, 'an object', value)
    const known = Object.keys(fields)
    for (const key of Object.keys(value)) {
      if (known.includes(key)) continue
      const expected = known.length > 0 ? `expected are ${known.join(', ')}` : 'none is expected'
      throw new FileFormatError(`${below(path, key)} is not a known field; ${expected}.`)
    }
    const entries: [string, unknown][] = []
    for (const [key, field] of Object.entries(fields)) {
      const validator = typeof field === 'function' ? field : field.optional
      if (Object.hasOwn(value, key)) entries.push([key, validator(value[key], below(path, key))])
      else if (typeof field === 'function') throw new FileFormatError(`${below(path, key)} is missing; add it.`)
    }
    return Object.fromEntries(entries) as ValidObject<F> // every field was read by its own validator
  }
}

/** Objects told apart by a field: `variant('kind', { l1: object({ kind: text, lambda: number() }), … })`. */
export function variant<V extends Readonly<Record<string, Validator<unknown>>>>(
  tag: string,
  variants: V,
): Validator<Valid<V[keyof V]>> {
  const which = oneOf(...Object.keys(variants))
  return (value, path) => {
    if (!isPlainObject(value)) throw mismatch(path, 'an object', value)
    if (!Object.hasOwn(value, tag)) throw new FileFormatError(`${below(path, tag)} is missing; add it.`)
    return variants[which(value[tag], below(path, tag))](value, path) as Valid<V[keyof V]> // one of V's validators gave it
  }
}

/** An object with a kind, of which a part is made; the part checks the other fields itself. */
export function described<T extends { readonly kind: string }>(): Validator<T> {
  return (value, path) => {
    if (!isPlainObject(value)) throw mismatch(path, 'an object', value)
    text(value.kind, below(path, 'kind'))
    return value as T // its kind decides who checks the other fields
  }
}

/** An object of any keys with values of one kind. */
export function record<T>(values: Validator<T>): Validator<Readonly<Record<string, T>>> {
  return (value, path) => {
    if (!isPlainObject(value)) throw mismatch(path, 'an object', value)
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, values(entry, below(path, key))]))
  }
}

/** Bounds of a number: `min ≤ number ≤ max`, `above < number`. */
export interface Bounds {
  readonly min?: number
  readonly max?: number
  readonly above?: number
}

/** A finite number within bounds. */
export function number(bounds: Bounds = {}): Validator<number> {
  return (value, path) => {
    if (typeof value === 'number' && Number.isFinite(value) && within(value, bounds)) return value
    throw mismatch(path, `a number${describe(bounds)}`, value)
  }
}

/** A whole number within bounds, exact in double precision. */
export function whole(bounds: Bounds = {}): Validator<number> {
  return (value, path) => {
    if (typeof value === 'number' && Number.isSafeInteger(value) && within(value, bounds)) return value
    throw mismatch(path, `a whole number${describe(bounds)}`, value)
  }
}

/** Any text. */
export const text: Validator<string> = (value, path) => {
  if (typeof value === 'string') return value
  throw mismatch(path, 'a text', value)
}

/** true or false. */
export const boolean: Validator<boolean> = (value, path) => {
  if (typeof value === 'boolean') return value
  throw mismatch(path, 'true or false', value)
}

/** One of these texts. */
export function oneOf<const T extends string>(...texts: readonly T[]): Validator<T> {
  return (value, path) => {
    const found = texts.find((candidate) => candidate === value)
    if (found !== undefined) return found
    const names = texts.map((candidate) => `"${candidate}"`).join(', ')
    throw mismatch(path, texts.length === 1 ? names : `one of ${names}`, value)
  }
}

/** Something, or null. */
export function nullable<T>(validator: Validator<T>): Validator<T | null> {
  return (value, path) => (value === null ? null : validator(value, path))
}

/** An array whose length is within bounds. */
export function array<T>(elements: Validator<T>, length: Bounds = {}): Validator<T[]> {
  return (value, path) => {
    if (!Array.isArray(value)) throw mismatch(path, 'an array', value)
    if (!within(value.length, length)) {
      throw new FileFormatError(`${path} must have a length${describe(length)}; it has ${value.length}.`)
    }
    return value.map((element, i) => elements(element, `${path}[${i}]`))
  }
}

/** A shape: sizes of 1 or more, outermost first. */
export const shape: Validator<number[]> = array(whole({ min: 1 }))

/** The name of a tensor among `tensors`; gives the tensor. Its type and shape are checked where they are stated. */
export function tensorReference<D extends Dtype>(
  tensors: Readonly<Record<string, StoredTensor>>,
  expected: { readonly dtype: D; readonly shape?: readonly number[] },
): Validator<Extract<StoredTensor, { dtype: D }>> {
  return (value, path) => {
    const name = text(value, path)
    const found = Object.hasOwn(tensors, name) ? tensors[name] : undefined
    if (found === undefined) {
      const there = Object.keys(tensors).join(', ') || 'none'
      throw new FileFormatError(`${path} names the tensor "${name}", which was not saved; there are: ${there}.`)
    }
    if (found.dtype !== expected.dtype || (expected.shape && !sameShape(found.shape, expected.shape))) {
      const wanted = `${expected.dtype}${expected.shape ? ` ${formatShape(expected.shape)}` : ''}`
      throw new FileFormatError(
        `${path} names the tensor "${name}", which must be ${wanted}; it is ${found.dtype} ${formatShape(found.shape)}.`,
      )
    }
    return found as Extract<StoredTensor, { dtype: D }> // its dtype was just compared
  }
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function below(path: string, key: string): string {
  return path.endsWith(':') ? `${path} ${key}` : `${path}.${key}`
}

function within(value: number, { min, max, above }: Bounds): boolean {
  return (
    (min === undefined || value >= min) && (max === undefined || value <= max) && (above === undefined || value > above)
  )
}

function describe({ min, max, above }: Bounds): string {
  if (min !== undefined && min === max) return ` equal to ${min}`
  const parts = []
  if (above !== undefined) parts.push(`above ${above}`)
  if (min !== undefined) parts.push(max === undefined ? `of ${min} or more` : `from ${min}`)
  if (max !== undefined) parts.push(min === undefined ? `of ${max} or less` : `to ${max}`)
  return parts.length > 0 ? ` ${parts.join(' ')}` : ''
}

function mismatch(path: string, expected: string, value: unknown): FileFormatError {
  const written = JSON.stringify(value) ?? String(value)
  const given = written.length > 60 ? `${written.slice(0, 57)}…` : written
  return new FileFormatError(`${path} must be ${expected}; got ${given}.`)
}
