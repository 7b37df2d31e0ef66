import { ConfigurationError } from '../tensor/errors.js'
import { described } from '../tensor/tensor.js'

type Fields = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null

const isBatch = (value: unknown): boolean =>
  isObject(value) && Array.isArray(value.shape) && ArrayBuffer.isView(value.data)

const isStream = (value: unknown): boolean =>
  isObject(value) && Array.isArray(value.shape) && typeof value.batches === 'function'

const isImages = (value: unknown): boolean => isObject(value) && typeof value.image === 'function'

const isPair = (value: unknown): boolean =>
  isObject(value) && ((isBatch(value.y) && (value.x === undefined || isBatch(value.x))) || isStream(value.observations))

/**
 * Throws {@link ConfigurationError} unless a value is data at all: observations in memory { shape, data }, a stream of them, or images; or,
 * for models that know x, pairs of x and y, or a stream to cut into both. What callers without types pass by mistake is told of here.
 */
export function checkData(value: unknown, kind: 'observations' | 'pairs' = 'observations'): void {
  if (isBatch(value) || isStream(value)) return
  if (kind === 'pairs' ? isPair(value) : isImages(value)) return
  const others = kind === 'pairs' ? ', { x, y } of such, or { observations, at } of a stream' : ', or images'
  const hint = typeof value === 'string' ? ' Files and sources with a name are opened by openSource.' : ''
  throw new ConfigurationError(
    `Data must be a batch { shape, data: Float32Array } or a stream of observations${others}; got ${described(value)}.${hint}`,
  )
}

/** Throws {@link ConfigurationError} unless a value is a batch in memory. */
export function checkIsBatch(name: string, value: unknown): void {
  if (isBatch(value)) return
  throw new ConfigurationError(`${name} must be a batch { shape, data: Float32Array }; got ${described(value)}.`)
}
