import type { Codes } from '../../inference/codes.js'
import type { Geometry } from '../../inference/convolutional/geometry.js'
import type { Shift } from './centring.js'

interface Kept {
  readonly mapHeight: number
  readonly mapWidth: number
  readonly indices: Int32Array
  readonly values: Float32Array
}

/** As arrays, for checkpoints: one entry an observation, then all coefficients one after another. */
export interface KeptCodesState {
  readonly observations: Int32Array
  readonly mapHeights: Int32Array
  readonly mapWidths: Int32Array
  readonly counts: Int32Array
  readonly indices: Int32Array
  readonly values: Float32Array
}

/**
 * Codes of observations that come again, to start from. At most `limit` bytes of them are kept: an observation that does not fit is
 * coded from nothing again.
 */
export class KeptCodes {
  private readonly kept = new Map<number, Kept>()
  private bytes = 0

  constructor(
    private readonly kernels: number,
    private readonly circular: boolean,
    private readonly limit: number,
  ) {}

  get(observation: number): Codes | undefined {
    const found = this.kept.get(observation)
    if (!found) return undefined
    const { mapHeight, mapWidth, indices, values } = found
    return {
      shape: [1, this.kernels * mapHeight * mapWidth],
      indptr: Int32Array.of(0, indices.length),
      indices,
      values,
    }
  }

  keep(observation: number, codes: Codes, { mapHeight, mapWidth }: Geometry): void {
    this.put(observation, { mapHeight, mapWidth, indices: codes.indices, values: codes.values })
  }

  private put(observation: number, next: Kept): void {
    const before = this.kept.get(observation)
    if (before) this.bytes -= 8 * before.indices.length
    const bytes = 8 * next.indices.length
    if (this.bytes + bytes > this.limit) {
      this.kept.delete(observation)
      return
    }
    this.bytes += bytes
    this.kept.set(observation, next)
  }

  /** Forgets the map of a kernel that has been replaced. */
  clear(kernel: number): void {
    this.remap(kernel, () => undefined)
  }

  /** Moves the map of a kernel that has been moved by `shift` (see `shiftKernel`) the other way. */
  shift(kernel: number, { dy, dx }: Shift): void {
    this.remap(kernel, (y, x) => [y + dy, x + dx])
  }

  private remap(kernel: number, to: (y: number, x: number) => [number, number] | undefined): void {
    for (const [observation, { mapHeight, mapWidth, indices, values }] of this.kept) {
      const positions = mapHeight * mapWidth
      const moved: [number, number][] = []
      for (let at = 0; at < indices.length; at++) {
        const position = indices[at] % positions
        if (indices[at] - position !== kernel * positions) {
          moved.push([indices[at], values[at]])
          continue
        }
        const x = position % mapWidth
        const place = to((position - x) / mapWidth, x)
        if (!place) continue
        const [row, column] = this.circular
          ? [(place[0] + mapHeight) % mapHeight, (place[1] + mapWidth) % mapWidth]
          : place
        if (row < 0 || row >= mapHeight || column < 0 || column >= mapWidth) continue
        moved.push([kernel * positions + row * mapWidth + column, values[at]])
      }
      if (this.circular) moved.sort((a, b) => a[0] - b[0])
      this.put(observation, {
        mapHeight,
        mapWidth,
        indices: Int32Array.from(moved, ([index]) => index),
        values: Float32Array.from(moved, ([, value]) => value),
      })
    }
  }

  state(): KeptCodesState {
    const entries = [...this.kept]
    const all = entries.map(([, kept]) => kept)
    return {
      observations: Int32Array.from(entries, ([observation]) => observation),
      mapHeights: Int32Array.from(all, ({ mapHeight }) => mapHeight),
      mapWidths: Int32Array.from(all, ({ mapWidth }) => mapWidth),
      counts: Int32Array.from(all, ({ indices }) => indices.length),
      indices: joined(
        Int32Array,
        all.map(({ indices }) => indices),
      ),
      values: joined(
        Float32Array,
        all.map(({ values }) => values),
      ),
    }
  }

  restore(state: KeptCodesState): void {
    this.kept.clear()
    this.bytes = 0
    let at = 0
    for (const [i, observation] of state.observations.entries()) {
      const end = at + state.counts[i]
      this.put(observation, {
        mapHeight: state.mapHeights[i],
        mapWidth: state.mapWidths[i],
        indices: state.indices.slice(at, end),
        values: state.values.slice(at, end),
      })
      at = end
    }
  }
}

function joined<A extends Int32Array | Float32Array>(make: new (length: number) => A, parts: readonly A[]): A {
  const out = new make(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}
