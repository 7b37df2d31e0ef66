import type { MapEncoder } from '../../energy/mapEncoders/mapEncoder.js'
import type { Parameters, SymParameters } from '../../energy/module.js'
import { constant, input, type Sym } from '../../graph/index.js'
import { turn } from '../../kernels/turn.js'
import type { Program, Runtime } from '../../runtime/runtime.js'
import { CancelledError, ConfigurationError } from '../../tensor/errors.js'
import { sizeOf, type Tensor } from '../../tensor/tensor.js'
import type { Codes } from '../codes.js'
import { sortByIndex } from '../convolutional/sortByIndex.js'
import { coveredCodes } from './convolutionalInference.js'

/** What an encoder of maps serves. */
export interface EncodedMaps {
  readonly encoder: MapEncoder
  readonly parameters: Parameters
  /** D, [m, c, kh, kw] */
  readonly kernels: Tensor
  readonly lambda: number
}

/** A stretch of an axis of the maps: from where to where it is computed, and which part of that is kept. */
export interface Stretch {
  readonly begin: number
  readonly keepBegin: number
  readonly keepEnd: number
}

/** Positions along an axis that are kept of a tile, about. */
const TILE = 64
/** Runs that take longer let the event loop turn in between. */
const SLICE_MS = 25

/**
 * Cuts an axis of `size` positions into stretches of one length, at most `kept` + 2·`halo`, so that every kept position is `halo` or
 * more from an end of its stretch that is not an end of the axis.
 */
export function stretches(size: number, kept: number, halo: number): { length: number; parts: readonly Stretch[] } {
  const length = Math.min(size, kept + 2 * halo)
  if (length === size) return { length, parts: [{ begin: 0, keepBegin: 0, keepEnd: size }] }
  const parts: Stretch[] = []
  for (let at = 0; at < size; ) {
    const begin = Math.min(Math.max(0, at - halo), size - length)
    const keepEnd = begin + length === size ? size : begin + length - halo
    parts.push({ begin, keepBegin: at, keepEnd })
    at = keepEnd
  }
  return { length, parts }
}

/**
 * Codes of whole images by an encoder, tile by tile, so that memory beyond the code does not grow with the image, and each coefficient is
 * what one run over the whole image would give. Owns a session for each size of tile until disposed.
 */
export class MapInference {
  private readonly programs = new Map<string, Promise<Program>>()
  private disposed = false

  constructor(
    private readonly parts: EncodedMaps,
    private readonly runtime: Runtime,
  ) {}

  /**
   * The code of an image [c, h, w], of no encoder's term: Enc(y), and from it `steps` proximal gradient steps of
   * ½‖y − Σᵢ Dᵢ * zᵢ‖² + λ‖z‖₁. One row over the maps, flat, (i·h′ + y)·w′ + x; coefficients of 0 are left out.
   */
  async encode(
    image: Tensor,
    options: { readonly steps?: number; readonly signal?: AbortSignal } = {},
  ): Promise<Codes> {
    if (this.disposed) throw new ConfigurationError('This encoder has been disposed of; make another.')
    const { steps = 0, signal } = options
    const { encoder } = this.parts
    const { maps, channels, height, width } = encoder
    const [, imageHeight, imageWidth] = image.shape
    const [rows, columns] = [imageHeight - height + 1, imageWidth - width + 1]
    const grown = encoder.reach + steps
    const down = stretches(rows, TILE, grown * (height - 1))
    const across = stretches(columns, TILE, grown * (width - 1))
    const size = [down.length + height - 1, across.length + width - 1] as const
    const program = await this.program(size, steps)
    const y = { shape: [1, channels, ...size], data: new Float32Array(channels * size[0] * size[1]) }
    const z = {
      shape: [1, maps, down.length, across.length],
      data: new Float32Array(maps * down.length * across.length),
    }
    const found = new Coefficients()
    let lastTurn = performance.now()
    for (const tall of down.parts) {
      for (const wide of across.parts) {
        if (signal?.aborted) throw new CancelledError('Coding was cancelled before all of the image was coded.')
        cut(image, [tall.begin, wide.begin], size, y.data)
        await program.run({ y }, { z })
        found.take(z, { tall, wide, rows, columns })
        if (performance.now() - lastTurn > SLICE_MS) {
          await turn()
          lastTurn = performance.now()
        }
      }
    }
    return found.codes(maps * rows * columns)
  }

  dispose(): void {
    this.disposed = true
    // A graph that did not compile has been reported where it was asked for.
    for (const program of this.programs.values()) program.then((ready) => ready.dispose()).catch(() => {})
    this.programs.clear()
  }

  private program(size: readonly [number, number], steps: number): Promise<Program> {
    const key = `${size.join('×')}, ${steps}`
    let program = this.programs.get(key)
    if (!program) {
      const y = input('y', [1, this.parts.encoder.channels, ...size])
      const graph = { name: 'encoder of maps', outputs: { z: mapCodes(this.parts, y, steps) } }
      program = this.runtime.compile(graph)
      this.programs.set(key, program)
      program.catch(() => this.programs.delete(key))
    }
    return program
  }
}

/** The codes of {@link MapInference.encode} as a graph over images y [n, c, h, w]. */
export function mapCodes({ encoder, parameters, kernels, lambda }: EncodedMaps, y: Sym, steps: number): Sym {
  const constants: SymParameters = Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [name, constant(value)]),
  )
  const start = encoder.apply(constants, y)
  if (steps === 0) return start
  const size = y.shape.slice(2) as number[]
  const weights = { shape: [1, 1, ...size], data: new Float32Array(sizeOf(size)).fill(1) }
  return coveredCodes({ lambda, beta: 0, weights }, constant(kernels), { y, start }, steps)
}

/** A window of an image [c, h, w]. */
function cut(
  { shape, data }: Tensor,
  [top, left]: readonly [number, number],
  [height, width]: readonly [number, number],
  out: Float32Array,
): void {
  const [channels, rows, columns] = shape
  for (let channel = 0; channel < channels; channel++) {
    for (let y = 0; y < height; y++) {
      const from = (channel * rows + top + y) * columns + left
      out.set(data.subarray(from, from + width), (channel * height + y) * width)
    }
  }
}

/** Which part of the maps [m, rows, columns] a tile holds. */
interface TileOfMaps {
  readonly tall: Stretch
  readonly wide: Stretch
  readonly rows: number
  readonly columns: number
}

/** Coefficients that are not zero, as they come. */
class Coefficients {
  private indices = new Int32Array(1 << 12)
  private values = new Float32Array(1 << 12)
  private count = 0

  /** Takes what a tile of maps [1, m, h, w] keeps. */
  take({ shape, data }: Tensor, tile: TileOfMaps): void {
    const [, , height, width] = shape
    // Two numbers at a time: both are zero where the eight bytes, read as one number, are.
    const pairs = new Float64Array(data.buffer, data.byteOffset, data.length >> 1)
    for (let pair = 0; pair < pairs.length; pair++) {
      if (pairs[pair] === 0) continue
      this.add(data[2 * pair], 2 * pair, height, width, tile)
      this.add(data[2 * pair + 1], 2 * pair + 1, height, width, tile)
    }
    if (data.length % 2 === 1) this.add(data[data.length - 1], data.length - 1, height, width, tile)
  }

  /** Takes number `at` of a tile unless it is zero, or another tile's to keep. */
  private add(
    value: number,
    at: number,
    height: number,
    width: number,
    { tall, wide, rows, columns }: TileOfMaps,
  ): void {
    if (value === 0) return
    const line = Math.floor(at / width)
    const map = Math.floor(line / height)
    const column = wide.begin + at - line * width
    const row = tall.begin + line - map * height
    if (row < tall.keepBegin || row >= tall.keepEnd || column < wide.keepBegin || column >= wide.keepEnd) return
    if (this.count === this.indices.length) this.grow()
    this.indices[this.count] = (map * rows + row) * columns + column
    this.values[this.count++] = value
  }

  private grow(): void {
    const size = 2 * this.indices.length
    const [indices, values] = [new Int32Array(size), new Float32Array(size)]
    indices.set(this.indices)
    values.set(this.values)
    this.indices = indices
    this.values = values
  }

  /** One row of `size` coefficients. */
  codes(size: number): Codes {
    const indices = this.indices.slice(0, this.count)
    const values = this.values.slice(0, this.count)
    sortByIndex(indices, values)
    return { shape: [1, size], indptr: Int32Array.of(0, this.count), indices, values }
  }
}
