import { ConfigurationError } from '../tensor/errors.js'

const ALIGNMENT = 64
const PAGE = 65536

/** First-fit allocation in the kernels' memory. Addresses are multiples of 64; memory grows when no hole is large enough. */
export class Allocator {
  /** Free pieces by address, never touching each other. */
  private readonly holes: { at: number; bytes: number }[] = []
  private readonly sizes = new Map<number, number>()
  private end: number

  constructor(
    private readonly memory: WebAssembly.Memory,
    base: number,
    private readonly limitBytes: number,
  ) {
    this.end = align(base)
  }

  /** Bytes in use. */
  get used(): number {
    let total = 0
    for (const bytes of this.sizes.values()) total += bytes
    return total
  }

  /** The address of `bytes` fresh bytes (not cleared). Throws {@link ConfigurationError} where memory cannot hold them. */
  allocate(bytes: number, purpose: string): number {
    const size = align(Math.max(bytes, 1))
    const hole = this.holes.findIndex((candidate) => candidate.bytes >= size)
    if (hole >= 0) {
      const found = this.holes[hole]
      if (found.bytes === size) this.holes.splice(hole, 1)
      else this.holes[hole] = { at: found.at + size, bytes: found.bytes - size }
      this.sizes.set(found.at, size)
      return found.at
    }
    const at = this.end
    if (!Number.isSafeInteger(size) || at + size > this.limitBytes) throw tooLarge(size, this.limitBytes - at, purpose)
    const missing = at + size - this.memory.buffer.byteLength
    if (missing > 0) {
      try {
        this.memory.grow(Math.ceil(missing / PAGE))
      } catch {
        throw tooLarge(size, this.memory.buffer.byteLength - at, purpose)
      }
    }
    this.end = at + size
    this.sizes.set(at, size)
    return at
  }

  free(at: number): void {
    const bytes = this.sizes.get(at)
    if (bytes === undefined) return
    this.sizes.delete(at)
    let place = this.holes.findIndex((hole) => hole.at > at)
    if (place < 0) place = this.holes.length
    this.holes.splice(place, 0, { at, bytes })
    this.join(place)
    this.join(place - 1)
    const last = this.holes.at(-1)
    if (last && last.at + last.bytes === this.end) {
      this.end = last.at
      this.holes.pop()
    }
  }

  private join(place: number): void {
    const left = this.holes[place]
    const right = this.holes[place + 1]
    if (left && right && left.at + left.bytes === right.at) {
      left.bytes += right.bytes
      this.holes.splice(place + 1, 1)
    }
  }
}

function align(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT
}

function tooLarge(bytes: number, left: number, purpose: string): ConfigurationError {
  const megabytes = (count: number) => Math.ceil(count / 2 ** 20)
  return new ConfigurationError(
    `${purpose} need ${megabytes(bytes)} MiB of the kernels' memory, of which ${megabytes(Math.max(0, left))} MiB are left; use fewer atoms, smaller batches or smaller observations.`,
  )
}
