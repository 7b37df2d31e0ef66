import type { Engine } from '../../kernels/engine.js'

/** `Tile` and `Entry` in `assembly/convolution.ts`: words of 4 bytes and numbers of 8 a tile, words an entry. */
const TILE_BYTES = 96
const WORDS = TILE_BYTES / 4
const NUMBERS = TILE_BYTES / 8
const ENTRY_WORDS = 4
/** Added to the number of a kernel whose window is not whole. */
const PARTIAL = 1 << 30
const FIRST_CAPACITY = 256

/** What a scan and sweeps measured, over all tiles. */
export interface TileSums {
  readonly level: number
  readonly squares: number
  readonly singleSquares: number
  readonly agreement: number
  readonly penalty: number
  readonly decrease: number
}

/** The tiles of a problem in the kernels' memory: each one's working set and measurements. Owns its memory until disposed. */
export class TileTable {
  readonly address: number

  constructor(
    private readonly engine: Engine,
    readonly count: number,
  ) {
    this.address = engine.allocator.allocate(count * TILE_BYTES, `${count} tiles of an observation`)
    this.words().fill(0)
  }

  private words(): Int32Array {
    return this.engine.i32(this.address, this.count * WORDS)
  }

  /** Makes room for the first coefficients of every tile. */
  open(): void {
    for (let tile = 0; tile < this.count; tile++) this.reserve(tile, FIRST_CAPACITY)
  }

  /** Makes room for at least `capacity` coefficients of a tile, and keeps those it has. */
  reserve(tile: number, capacity: number): void {
    const { engine } = this
    const at = tile * WORDS
    const [entries, held, count] = this.words().subarray(at, at + 3)
    if (held >= capacity) return
    const next = engine.allocator.allocate(capacity * ENTRY_WORDS * 4, 'The active coefficients of an observation')
    if (entries) {
      engine.i32(next, count * ENTRY_WORDS).set(engine.i32(entries, count * ENTRY_WORDS))
      engine.allocator.free(entries)
    }
    this.words().set([next, capacity], at)
  }

  /** Gives tiles that lacked room more of it. Whether any did. */
  grow(): boolean {
    let grown = false
    for (let tile = 0; tile < this.count; tile++) {
      const words = this.words()
      const [capacity, count, lacking] = [words[tile * WORDS + 1], words[tile * WORDS + 2], words[tile * WORDS + 3]]
      if (lacking === 0) continue
      grown = true
      this.reserve(tile, Math.max(2 * capacity, count + lacking))
    }
    return grown
  }

  /** Lets the next sweep visit every tile, whatever was found of it before. */
  wake(): void {
    const numbers = this.engine.f64(this.address, this.count * NUMBERS)
    for (let at = 0; at < numbers.length; at += NUMBERS) {
      numbers[at + 8] = Number.POSITIVE_INFINITY // how far a level is from its optimum
      numbers[at + 9] = -1 // what the first visit took off the energy
    }
  }

  /** The largest working set. */
  fullest(): number {
    const words = this.words()
    let most = 0
    for (let at = 2; at < words.length; at += WORDS) most = Math.max(most, words[at])
    return most
  }

  /** Measurements added up in the order of tiles; the level is the largest. */
  sums(): TileSums {
    const numbers = this.engine.f64(this.address, this.count * NUMBERS)
    let [level, squares, singleSquares, agreement, penalty, decrease] = [0, 0, 0, 0, 0, 0]
    for (let at = 0; at < numbers.length; at += NUMBERS) {
      level = Math.max(level, numbers[at + 2])
      squares += numbers[at + 3]
      singleSquares += numbers[at + 4]
      agreement += numbers[at + 5]
      penalty += numbers[at + 6]
      decrease += numbers[at + 7]
    }
    return { level, squares, singleSquares, agreement, penalty, decrease }
  }

  /** Visits the coefficients that are not zero. */
  each(visit: (corner: number, kernel: number, value: number) => void): void {
    const { engine } = this
    const words = this.words()
    for (let tile = 0; tile < this.count; tile++) {
      const entries = words[tile * WORDS]
      const length = words[tile * WORDS + 2] * ENTRY_WORDS
      if (length === 0) continue
      const integers = engine.i32(entries, length)
      const floats = engine.f32(entries, length)
      for (let at = 0; at < length; at += ENTRY_WORDS) {
        if (floats[at + 2] !== 0) visit(integers[at], integers[at + 1] & ~PARTIAL, floats[at + 2])
      }
    }
  }

  dispose(): void {
    const words = this.words()
    for (let at = 0; at < words.length; at += WORDS) if (words[at]) this.engine.allocator.free(words[at])
    this.engine.allocator.free(this.address)
  }
}
