import type { Engine } from '../../kernels/engine.js'
import { Job, type JobNumber } from '../../kernels/jobs.js'
import { type ConvolutionFields, convolutionLayout, writeFields } from '../../kernels/structs.js'
import { turn } from '../../kernels/turn.js'
import { ConfigurationError } from '../../tensor/errors.js'
import type { Codes } from '../codes.js'
import { layOut, planeSizes } from './canvas.js'
import { codeSize, type Geometry } from './geometry.js'
import { layKernels, layPositionWeights, paddedCount } from './layKernels.js'
import { sortByIndex } from './sortByIndex.js'
import { places, type Tiling, tilesOf } from './tiles.js'
import { TileTable } from './tileTable.js'

/** Single precision's unit roundoff. */
const ROUNDOFF = 2 ** -24
/** Numbers between its inverse and this leave room for sums in single precision. */
const EXTREME = 1e35
/** Multiplications of a scan in one piece, at most: some 50 milliseconds. */
const STRIP = 5e8
/** Share of what a scan finds a tile away from its optimum that sweeps leave to the next scan. */
const FADED = 0.02
/** Milliseconds of blocking work between two turns of the event loop, roughly. */
const SLICE_MS = 25
/** Times as long a slice may last where more tiles are at work than in the one before. */
const SLACK = 4
/** How much of the slowest slice is remembered from one run over the tiles to the next. */
const FORGETTING = 0.99

/** What is measured of a point: its energy, how far from optimal it can be, and the largest level |⟨K, r⟩| / (λ w u). */
export interface Measurement {
  readonly energy: number
  readonly gap: number
  readonly level: number
}

/** Asked where the event loop has turned: whether to leave the rest undone. May throw. */
type Pause = () => boolean
/** Asked where the event loop has turned; throws where the work was cancelled. */
type Check = () => void

/** What an observation is coded with. */
export interface ConvolutionProblemOptions {
  readonly engine: Engine
  readonly geometry: Geometry
  /** [m, kh, kw, c], channels last. */
  readonly kernels: Float32Array
  readonly nonNegative: boolean
  readonly mapWeights: ArrayLike<number> | undefined
  /** [h′, w′] or [m, h′, w′] */
  readonly positionWeights: Float32Array | undefined
}

/**
 * One observation with its sparse maps in the kernels' memory: tiles of positions, each with its working set, and the residual on
 * the canvas. Owns its memory until disposed.
 */
export class ConvolutionProblem {
  private readonly owned: number[] = []
  private readonly address: number
  private readonly tiling: Tiling
  private readonly tiles: TileTable
  private readonly stride: number
  private readonly plane: number
  private readonly observation: number
  private readonly residual: number
  private readonly formed: number
  private readonly reach: number
  private readonly engine: Engine
  private readonly geometry: Geometry
  /** Scans of a tile of large kernels are cut into strips, between which the event loop may turn. */
  private readonly strips: number
  private mask = 0
  private perMs = 0
  private round = 1

  constructor(private readonly options: ConvolutionProblemOptions) {
    const { engine, geometry } = options
    this.engine = engine
    this.geometry = geometry
    const { kernels: shape, mapHeight, mapWidth } = geometry
    const { stride, plane } = planeSizes(geometry)
    this.stride = stride
    this.plane = plane
    this.tiling = tilesOf(geometry)
    const { tilesY, tilesX, tallest, widest } = this.tiling
    const products = tallest * widest * shape.count * shape.height * shape.width * shape.channels
    this.strips = Math.min(tallest, Math.ceil(products / STRIP))
    try {
      const purpose = `An observation of ${geometry.height}×${geometry.width} with its residual`
      const planes = plane * shape.channels * 4 + 1024
      this.address = this.own(convolutionLayout.bytes, purpose)
      new Uint8Array(engine.buffer, this.address, convolutionLayout.bytes).fill(0)
      this.tiles = new TileTable(engine, tilesY * tilesX)
      const tileRows = this.own(this.tiling.rows.byteLength, purpose)
      const tileColumns = this.own(this.tiling.columns.byteLength, purpose)
      engine.i32(tileRows, tilesY + 1).set(this.tiling.rows)
      engine.i32(tileColumns, tilesX + 1).set(this.tiling.columns)
      this.observation = this.own(planes, purpose)
      this.residual = this.own(planes, purpose)
      this.formed = this.own(planes, purpose)
      const change = this.own(plane * 4 + 1024, purpose)
      this.reach = this.own(plane * 4 + 1024, purpose)
      for (const [at, bytes] of [
        [this.residual, planes],
        [this.formed, planes],
        [change, plane * 4 + 1024],
      ]) {
        engine.f32(at, bytes / 4).fill(0)
      }
      this.describe({
        k: shape.count,
        channels: shape.channels,
        kernelHeight: shape.height,
        kernelWidth: shape.width,
        paddedWidth: Math.ceil(shape.width / 4) * 4,
        mapHeight,
        mapWidth,
        canvasHeight: geometry.canvasHeight,
        canvasWidth: geometry.canvasWidth,
        stride,
        plane,
        circular: geometry.boundary === 'circular' ? 1 : 0,
        periodY: geometry.height,
        periodX: geometry.width,
        tilesY,
        tilesX,
        tileRows,
        tileColumns,
        tiles: this.tiles.address,
        unsettled: this.own(tilesY * tilesX * 4, purpose),
        observation: this.observation,
        residual: this.residual,
        formed: this.formed,
        change,
        reach: this.reach,
        nonNegative: options.nonNegative ? 1 : 0,
        faded: FADED,
        strips: this.strips,
      })
      const own = (bytes: number, what: string) => this.own(bytes, what)
      const laid = layKernels(engine, own, geometry.kernels, options.kernels, options.mapWeights)
      this.scales = laid.scales
      this.largestNorm = laid.largestNorm
      this.describe(laid.fields)
      if (options.positionWeights) {
        this.describe(layPositionWeights(engine, own, geometry, options.positionWeights))
      }
      this.provide()
    } catch (error) {
      this.dispose()
      throw error
    }
  }

  private own(bytes: number, purpose: string): number {
    const at = this.engine.allocator.allocate(bytes, purpose)
    this.owned.push(at)
    return at
  }

  describe(fields: Partial<ConvolutionFields>): void {
    writeFields(this.engine.buffer, this.address, convolutionLayout.offsets, fields)
  }

  private readonly scales: number
  private readonly largestNorm: number
  private largestWindow = 0

  /** Lays out an observation; `observed` is 1 where it is known. */
  load(values: Float32Array, observed: Float32Array | undefined): void {
    const { engine, geometry, plane } = this
    const { channels } = geometry.kernels
    const planes = engine.f32(this.observation, plane * channels)
    layOut(geometry, values, observed, planes)
    if (observed || geometry.boundary === 'same') {
      this.mask = this.own(plane * channels * 4 + 1024, 'The mask of an observation')
      const ones = observed ?? new Float32Array(values.length).fill(1)
      engine.f32(this.mask, plane * channels + 256).fill(0)
      layOut(geometry, ones, observed, engine.f32(this.mask, plane * channels))
      this.describe({ mask: this.mask })
    }
    let largest = 0
    for (let i = 0; i < planes.length; i++) largest = Math.max(largest, Math.abs(planes[i]))
    this.largestWindow = largest * Math.sqrt(geometry.kernels.height * geometry.kernels.width * channels)
    engine.f32(this.reach, plane + 256).fill(Number.POSITIVE_INFINITY)
    this.tiles.open()
  }

  /** Sets λ, and what follows from it. Throws ConfigurationError where thresholds λwu leave the range of single precision. */
  setLambda(lambda: number): void {
    const { engine, geometry, options } = this
    const { count, height, width, channels } = geometry.kernels
    const scales = engine.f32(this.scales, paddedCount(count)).fill(0)
    let largest = 0
    for (let k = 0; k < count; k++) {
      scales[k] = 1 / (lambda * (options.mapWeights?.[k] ?? 1))
      largest = Math.max(largest, scales[k])
    }
    const least = options.positionWeights?.reduce((most, u) => Math.min(most, u), 1) ?? 1
    if (!(largest >= 1 / EXTREME && (largest / least) * Math.max(1, this.largestNorm) <= EXTREME)) {
      throw new ConfigurationError(
        `λ times weights is ${least / largest} where it is smallest, beyond single precision for kernels of norm ${this.largestNorm}; scale kernels to norm 1, and weights to about 1.`,
      )
    }
    const taps = height * width * channels
    const band = Math.min(
      0.5,
      Math.max(1e-4, taps * ROUNDOFF * this.largestNorm * this.largestWindow * (largest / least)),
    )
    this.describe({ lambda, sensitivity: this.largestNorm * largest, band, round: this.round, anew: 1 })
    engine.f32(this.reach, this.plane + 256).fill(Number.POSITIVE_INFINITY)
  }

  /** The smallest λ for which no coefficient is active. */
  async lambdaMax(check: Check): Promise<number> {
    let squares = 0
    const planes = this.engine.f32(this.observation, this.plane * this.geometry.kernels.channels)
    for (let i = 0; i < planes.length; i++) squares += planes[i] * planes[i]
    let least = 1
    const { mapWeights, positionWeights } = this.options
    for (let k = 0; k < (mapWeights?.length ?? 0); k++) least = Math.min(least, mapWeights![k])
    if (positionWeights) least *= positionWeights.reduce((most, u) => Math.min(most, u), 1)
    const enough = (Math.sqrt(squares) * this.largestNorm * 1.01) / least
    if (!(enough > 0)) return 0
    this.setLambda(enough)
    return (await this.measure(check)).level * enough
  }

  /** Runs a job over tiles in slices, between which the event loop turns. False where `pause` said so meanwhile. */
  private async run(job: JobNumber, items: number, pause: Pause): Promise<boolean> {
    // Tiles that have settled take no time, but the next may all be at work again: the slowest that were seen bound a slice too.
    let slowest = (this.slowest.get(job) ?? 0) * FORGETTING
    let before = 0
    for (let first = 0; first < items; ) {
      const most = this.perMs > 0 ? Math.min(this.perMs * SLICE_MS, (SLACK * SLICE_MS) / Math.max(slowest, 1e-6)) : 64
      const count = Math.min(items - first, Math.max(this.engine.threads, Math.floor(most)))
      const begun = performance.now()
      this.engine.parallelFor(job, count, 1, this.address, first)
      first += count
      const spent = performance.now() - begun
      if (count >= 16) {
        this.perMs = count / Math.max(spent, 0.05)
        const each = spent / count
        // Two in a row: a single slice may have waited for a processor.
        slowest = Math.max(slowest, Math.min(before, each))
        before = each
        this.slowest.set(job, slowest)
      }
      this.sinceTurn += spent
      if (this.sinceTurn >= SLICE_MS) {
        await turn()
        this.sinceTurn = 0
        if (pause()) return false
      }
    }
    return true
  }

  /** Milliseconds a tile of the slowest slices of a job. */
  private readonly slowest = new Map<JobNumber, number>()
  private sinceTurn = 0

  /** Forms the residual and measures the point; admits coefficients. */
  async measure(check: Check): Promise<Measurement> {
    await this.run(Job.formResidual, this.tiles.count, always(check))
    for (let strip = 0; strip < this.strips; strip++) {
      this.describe({ strip })
      await this.run(Job.scanTiles, this.tiles.count, always(check))
    }
    this.describe({ round: ++this.round, anew: 0 })
    const { level, squares, singleSquares, agreement, penalty } = this.tiles.sums()
    const energy = 0.5 * squares + penalty
    const best = singleSquares > 0 ? Math.max(0, agreement / singleSquares) : 1
    const s = Math.min(best, 1 / Math.max(1, level))
    const dual = s * agreement - 0.5 * s * s * singleSquares
    return { energy, gap: Math.max(0, energy - dual), level }
  }

  /** Forms the residual: the energy of the point. Nothing is admitted, and the next sweep visits all that was before. */
  async energy(check: Check): Promise<number> {
    await this.run(Job.formResidual, this.tiles.count, always(check))
    this.describe({ round: ++this.round, anew: 0 })
    this.tiles.wake()
    const { squares, penalty } = this.tiles.sums()
    return 0.5 * squares + penalty
  }

  /**
   * Sweeps once over the working sets that are further than `calm` from their optimum, colour by colour. What came off the energy, or
   * undefined where `pause` said so.
   */
  async descend(refinements: number, calm: number, pause: Pause): Promise<number | undefined> {
    this.provide()
    this.describe({ calm, refinements })
    for (let colour = 0; colour < 4; colour++) {
      const unsettled = this.engine.kernels.listUnsettled(this.address, colour)
      if (!(await this.run(Job.descend, unsettled, pause))) return undefined
    }
    return this.tiles.sums().decrease
  }

  /** One step of FISTA; the point was measured before. */
  async accelerate(stepSize: number, momentum: number): Promise<void> {
    this.describe({ stepSize, momentum })
    await this.run(Job.accelerate, this.tiles.count, () => false)
  }

  /** Gives each thread the working memory that the fullest tile needs. */
  private provide(): void {
    const { engine } = this
    const fullest = this.tiles.fullest()
    if (fullest <= this.fullest) return
    this.fullest = 2 * fullest
    this.describe({ fullest: this.fullest })
    const bytes = engine.kernels.convolutionScratch(this.address, this.tiling.tallest, this.tiling.widest)
    const scratchStride = Math.ceil(bytes / 64) * 64
    if (this.scratch) engine.allocator.free(this.scratch)
    this.scratch = 0
    this.scratch = engine.allocator.allocate(scratchStride * engine.threads, 'The working memory of threads')
    this.describe({ scratch: this.scratch, scratchStride })
  }

  private scratch = 0
  private fullest = -1

  /** Gives tiles that lacked room more of it. Whether any did. */
  grow(): boolean {
    return this.tiles.grow()
  }

  /** Puts coefficients into their tiles; there must be none yet. Where codes are not negative, those that are stay zero. */
  start(codes: Codes): void {
    const { mapHeight, mapWidth } = this.geometry
    const positions = mapHeight * mapWidth
    const { tilesX, rows, columns } = this.tiling
    const tileRow = places(rows)
    const tileColumn = places(columns)
    const end = codes.indptr[1]
    const tileOf = new Int32Array(end)
    const counts = new Int32Array(this.tiles.count)
    for (let at = 0; at < end; at++) {
      const line = Math.floor(codes.indices[at] / mapWidth)
      const x = codes.indices[at] - line * mapWidth
      tileOf[at] = tileRow[line % mapHeight] * tilesX + tileColumn[x]
      counts[tileOf[at]]++
    }
    counts.forEach((count, tile) => {
      this.tiles.reserve(tile, 2 * count)
    })
    for (let at = 0; at < end; at++) {
      const kernel = Math.floor(codes.indices[at] / positions)
      const position = codes.indices[at] - kernel * positions
      const y = Math.floor(position / mapWidth)
      const corner = y * this.stride + position - y * mapWidth
      const value = this.options.nonNegative ? Math.max(0, codes.values[at]) : codes.values[at]
      this.engine.kernels.addCoefficient(this.address, tileOf[at], corner, kernel, value)
    }
  }

  /** The codes: what is not zero, by index. */
  codes(): Codes {
    const { geometry, stride } = this
    const { mapHeight, mapWidth } = geometry
    let active = 0
    this.tiles.each(() => {
      active++
    })
    const indices = new Int32Array(active)
    const values = new Float32Array(active)
    let at = 0
    this.tiles.each((corner, kernel, value) => {
      const y = Math.floor(corner / stride)
      indices[at] = (kernel * mapHeight + y) * mapWidth + corner - y * stride
      values[at++] = value
    })
    sortByIndex(indices, values)
    return { shape: [1, codeSize(geometry)], indptr: Int32Array.of(0, active), indices, values }
  }

  dispose(): void {
    this.tiles?.dispose()
    if (this.scratch) this.engine.allocator.free(this.scratch)
    for (const at of this.owned) this.engine.allocator.free(at)
    this.owned.length = 0
  }
}

/** A pause that leaves nothing undone. */
export function always(check: Check): Pause {
  return () => {
    check()
    return false
  }
}
