import {
  type ConvolutionalEncodeOptions,
  type ConvolutionalEncoder,
  convolutionalEncoder,
} from '../../inference/convolutional/convolutionalEncoder.js'
import { type Boundary, type Geometry, geometry, type KernelGeometry } from '../../inference/convolutional/geometry.js'
import type { Inference } from '../../inference/inference.js'
import type { Tensor } from '../../tensor/tensor.js'
import { fillTarget, kernelsChannelsLast, planarKernels, reconstructCanvas } from './canvas.js'
import { drift, shiftKernel, shiftStatistics } from './centring.js'
import { firstKernels } from './firstKernels.js'
import { KeptCodes, type KeptCodesState } from './keptCodes.js'
import { likeKernels } from './likeKernels.js'
import { moveKernels, project } from './moveKernels.js'
import { placedCodes } from './placedCodes.js'
import { type ResidualWindow, residualWindows } from './residualWindows.js'
import { ConvolutionalStatistics } from './statistics.js'

/**
 * What kernels move by: `online`, statistics in which older observations fade (before an observation with n positions they are
 * multiplied by (1 − n/seen)^forgetting, `seen` counting positions too); or `batch`, the statistics of what came since the last move.
 */
export type ConvolutionalLearning =
  | { readonly kind: 'online'; readonly forgetting: number }
  | { readonly kind: 'batch' }

/** How kernels are learned. */
export interface ConvolutionalLearnerSettings {
  readonly kernels: KernelGeometry
  readonly boundary: Boundary
  /** One of the two: λ, or λ as a share of each observation's λmax. */
  readonly lambda?: number | undefined
  readonly lambdaRatio?: number | undefined
  readonly nonNegative: boolean
  readonly nonNegativeKernels: boolean
  readonly learning: ConvolutionalLearning
  /** Observations without use after which a kernel is dead and replaced. */
  readonly deadAfter: number
  /** The cosine, up to a shift, above which the less used of two kernels is replaced; 1 leaves them. */
  readonly duplicateCosine: number
  /** Whether kernels whose energy has drifted to a side are moved back. */
  readonly centring: boolean
  /** Relative duality gap to which codes are found while learning. */
  readonly tolerance: number
  readonly seed: number
  readonly threads: number | undefined
}

/** One observation to learn from. */
export interface LearningObservation {
  readonly observation: Tensor
  readonly mask?: Tensor | undefined
  /** Which observation it is, where it comes again in later passes: its code is kept to start from. */
  readonly index?: number | undefined
  /** Whether kernels move after it. */
  readonly moves: boolean
}

/** Stops coding and hears of it. */
export type EncodingControl = Pick<ConvolutionalEncodeOptions, 'signal' | 'onProgress'>

/** What one observation taught. */
export interface ObservationReport {
  readonly status: 'ok' | 'diverged' | 'nonFinite'
  /** Its energy before the kernels moved. */
  readonly energy: number
  /** Coefficients that are not 0, and their share of all. */
  readonly active: number
  readonly activeShare: number
}

/** Kernels that policies have changed so far. */
export interface PolicyCounts {
  readonly dead: number
  readonly duplicates: number
  readonly centred: number
}

/** Everything that the next step depends on; what a checkpoint holds. */
export interface ConvolutionalLearnerState {
  readonly kernels: Float32Array
  readonly codeProducts: Float64Array
  readonly dataProducts: Float64Array
  /** Of the statistics, and as last told. */
  readonly usage: Float64Array
  readonly toldUsage: Float64Array
  readonly lastUse: Float64Array
  /** Energies [n] and windows [n, c·kh·kw] of residuals since the last move. */
  readonly windowEnergies: Float64Array
  readonly windows: Float32Array
  /** Observations and positions seen, observations at the last look for duplicates; kernels replaced because dead, because alike, and centred. */
  readonly counts: Float64Array
  readonly kept: KeptCodesState
}

const SWEEPS = { online: 1, batch: 5 }
const MAX_STEPS = 1000
/** Residual windows kept between two moves, and taken of one observation. */
const WINDOWS = 16
const WINDOWS_EACH = 4
/** Bytes of codes kept to start from. */
const KEPT_BYTES = 64 * 2 ** 20

/**
 * Convolutional dictionary learning: codes of one observation after another, sufficient statistics of them, and moves of the kernels
 * that never raise the surrogate these stand for. Memory does not grow with the number of observations beyond a fixed budget of codes
 * to start from. Every number is summed in an order fixed by the data, so that threads do not change a bit.
 *
 * Policies, after each move: a kernel that no code has used for `deadAfter` observations, and the less used of two that are alike up to
 * a shift, begin anew from where the residual has most energy, their statistics from zero; a kernel whose energy has drifted is moved
 * back, and its map and statistics the other way.
 */
export class ConvolutionalLearner {
  private planar: Float64Array
  private rounded: Float32Array
  private readonly statistics: ConvolutionalStatistics
  private readonly kept: KeptCodes
  private lastUse: Float64Array
  private toldUsage: Float64Array
  private windows: ResidualWindow[] = []
  private seen = 0
  private positions = 0
  /** Observations seen when kernels were last compared. */
  private compared = 0
  private counts = { dead: 0, duplicates: 0, centred: 0 }
  private encoder: ConvolutionalEncoder | undefined

  constructor(readonly settings: ConvolutionalLearnerSettings) {
    const { kernels, boundary } = settings
    this.statistics = new ConvolutionalStatistics(kernels)
    this.planar = new Float64Array(kernels.count * kernels.channels * kernels.height * kernels.width)
    this.rounded = new Float32Array(this.planar.length)
    this.lastUse = new Float64Array(kernels.count)
    this.toldUsage = new Float64Array(kernels.count)
    this.kept = new KeptCodes(kernels.count, boundary === 'circular', KEPT_BYTES)
  }

  /** First kernels from windows of these observations. */
  initialize(sample: readonly Pick<LearningObservation, 'observation' | 'mask'>[]): void {
    const { kernels, boundary, seed, nonNegativeKernels } = this.settings
    const samples = sample.map(({ observation, mask }) => {
      const place = geometry(kernels, boundary, observation.shape)
      const nothing = new Float32Array(kernels.channels * place.canvasHeight * place.canvasWidth)
      return { canvas: fillTarget(observation, mask, nothing, place), place }
    })
    this.take(firstKernels(samples, { seed, nonNegative: nonNegativeKernels }))
  }

  /** Codes one observation and learns from it. Throws CancelledError, with nothing changed, where its signal fires meanwhile. */
  async learn(item: LearningObservation, control: EncodingControl = {}): Promise<ObservationReport> {
    const { learning } = this.settings
    const inference = await this.encode(item, control)
    const place = geometry(this.settings.kernels, this.settings.boundary, item.observation.shape)
    const report = reportOf(inference, place)
    if (report.status !== 'ok') return report
    const { codes } = inference
    const reconstruction = reconstructCanvas(codes, this.planar, place)
    const target = fillTarget(item.observation, item.mask, reconstruction, place)
    this.seen++
    this.positions += place.mapHeight * place.mapWidth
    if (learning.kind === 'online') {
      const share = (place.mapHeight * place.mapWidth) / this.positions
      this.statistics.forget((1 - share) ** learning.forgetting)
    }
    this.statistics.add(placedCodes(codes, place), target)
    for (const index of codes.indices) this.lastUse[Math.floor(index / (place.mapHeight * place.mapWidth))] = this.seen
    if (item.index !== undefined) this.kept.keep(item.index, codes, place)

    for (let i = 0; i < target.length; i++) reconstruction[i] = target[i] - reconstruction[i]
    this.windows = [...this.windows, ...residualWindows(reconstruction, place, WINDOWS_EACH)]
      .sort((a, b) => b.energy - a.energy)
      .slice(0, WINDOWS)
    if (item.moves) this.move()
    return report
  }

  /** The code of an observation under the present kernels; nothing is learned. */
  async encode(
    { observation, mask, index }: Pick<LearningObservation, 'observation' | 'mask' | 'index'>,
    control: EncodingControl = {},
  ): Promise<Inference> {
    const { tolerance } = this.settings
    const warmStart = index === undefined ? undefined : this.kept.get(index)
    this.encoder ??= await this.makeEncoder()
    return this.encoder.encode(observation, {
      tolerance,
      maxSteps: MAX_STEPS,
      ...(mask ? { mask } : {}),
      ...(warmStart ? { warmStart } : {}),
      ...control,
    })
  }

  private makeEncoder(): Promise<ConvolutionalEncoder> {
    const { kernels, boundary, lambda, lambdaRatio, nonNegative, threads } = this.settings
    return convolutionalEncoder({
      kernels: { shape: kernelShape(kernels), data: this.rounded },
      spatial: kernels.spatial,
      boundary,
      nonNegative,
      ...(lambda === undefined ? {} : { lambda }),
      ...(lambdaRatio === undefined ? {} : { lambdaRatio }),
      ...(threads === undefined ? {} : { threads }),
    })
  }

  private move(): void {
    const { learning, nonNegativeKernels, deadAfter } = this.settings
    const planar = this.planar.slice()
    moveKernels(planar, this.statistics, { sweeps: SWEEPS[learning.kind], nonNegative: nonNegativeKernels })
    this.take(planar)
    this.toldUsage = this.statistics.usage.slice()
    const due = learning.kind === 'batch' || this.seen - this.compared >= deadAfter
    if (due) this.compared = this.seen
    this.applyPolicies(due)
    if (learning.kind === 'batch') this.statistics.forget(0)
    this.windows = []
  }

  /** Kernels from now on: those given, rounded to single precision, which is what codes are found with and files hold. */
  private take(planar: Float64Array): void {
    const { settings } = this
    this.rounded = kernelsChannelsLast(planar, settings)
    this.planar = planarKernels(this.rounded, settings)
    this.encoder?.dispose()
    this.encoder = undefined
  }

  private applyPolicies(withDuplicates: boolean): void {
    const { kernels, deadAfter, duplicateCosine, nonNegative, nonNegativeKernels, centring } = this.settings
    const planar = this.planar.slice()
    const dead = new Set<number>()
    for (let k = 0; k < kernels.count; k++) if (this.seen - this.lastUse[k] >= deadAfter) dead.add(k)
    const alike = new Set<number>()
    if (withDuplicates && duplicateCosine < 1) {
      for (const { k, l } of likeKernels(planar, kernels, duplicateCosine, nonNegative)) {
        if (dead.has(k) || dead.has(l) || alike.has(k) || alike.has(l)) continue
        alike.add(this.toldUsage[l] <= this.toldUsage[k] ? l : k)
      }
    }
    const size = planar.length / kernels.count
    let changed = false
    const leaving = [...dead, ...alike]
    for (const [i, { window }] of this.windows.slice(0, leaving.length).entries()) {
      const k = leaving[i]
      const start = Float64Array.from(window)
      if (!project(start, nonNegativeKernels)) continue
      planar.set(start, k * size)
      this.statistics.clear(k)
      this.kept.clear(k)
      this.toldUsage[k] = 0
      this.lastUse[k] = this.seen
      this.counts[dead.has(k) ? 'dead' : 'duplicates']++
      changed = true
    }
    if (centring) changed = this.centre(planar) || changed
    if (changed) this.take(planar)
  }

  private centre(planar: Float64Array): boolean {
    const { kernels } = this.settings
    const size = planar.length / kernels.count
    let changed = false
    for (let k = 0; k < kernels.count; k++) {
      const kernel = planar.subarray(k * size, (k + 1) * size)
      const shift = drift(kernel, kernels)
      if (!shift) continue
      shiftKernel(kernel, shift, kernels)
      shiftStatistics(this.statistics, planar, k, shift)
      this.kept.shift(k, shift)
      this.counts.centred++
      changed = true
    }
    return changed
  }

  /** [m, kh, kw(, c)] or [m, kt(, c)], copied. */
  kernels(): Tensor {
    return { shape: kernelShape(this.settings.kernels), data: this.rounded.slice() }
  }

  /** How many coefficients each kernel had in the statistics of the last move. */
  usage(): Float64Array {
    return this.toldUsage.slice()
  }

  get observationsSeen(): number {
    return this.seen
  }

  get policyCounts(): PolicyCounts {
    return { ...this.counts }
  }

  state(): ConvolutionalLearnerState {
    const { statistics, counts, windows } = this
    const size = this.planar.length / this.settings.kernels.count
    const cut = new Float32Array(windows.length * size)
    for (const [i, { window }] of windows.entries()) cut.set(window, i * size)
    return {
      kernels: this.rounded.slice(),
      codeProducts: statistics.codeProducts.slice(),
      dataProducts: statistics.dataProducts.slice(),
      usage: statistics.usage.slice(),
      toldUsage: this.toldUsage.slice(),
      lastUse: this.lastUse.slice(),
      windowEnergies: Float64Array.from(windows, ({ energy }) => energy),
      windows: cut,
      counts: Float64Array.of(this.seen, this.positions, this.compared, counts.dead, counts.duplicates, counts.centred),
      kept: this.kept.state(),
    }
  }

  restore(state: ConvolutionalLearnerState): void {
    const { statistics } = this
    const size = this.planar.length / this.settings.kernels.count
    statistics.codeProducts.set(state.codeProducts)
    statistics.dataProducts.set(state.dataProducts)
    statistics.usage.set(state.usage)
    this.toldUsage = state.toldUsage.slice()
    this.lastUse = state.lastUse.slice()
    this.windows = Array.from(state.windowEnergies, (energy, i) => ({
      energy,
      window: state.windows.slice(i * size, (i + 1) * size),
    }))
    const [seen, positions, compared, dead, duplicates, centred] = state.counts
    this.seen = seen
    this.compared = compared
    this.positions = positions
    this.counts = { dead, duplicates, centred }
    this.kept.restore(state.kept)
    this.take(planarKernels(state.kernels, this.settings))
  }

  dispose(): void {
    this.encoder?.dispose()
    this.encoder = undefined
  }
}

/** [m, kh, kw], [m, kh, kw, c], [m, kt] or [m, kt, c]. */
export function kernelShape({ count, height, width, channels, spatial, channelled }: KernelGeometry): number[] {
  return [count, ...(spatial === 2 ? [height] : []), width, ...(channelled ? [channels] : [])]
}

function reportOf({ codes, energy, status }: Inference, place: Geometry): ObservationReport {
  const failed = status[0] === 'nonFinite' || !Number.isFinite(energy[0])
  return {
    status: failed ? 'nonFinite' : status[0] === 'diverged' ? 'diverged' : 'ok',
    energy: energy[0],
    active: codes.values.length,
    activeShare: codes.values.length / (place.kernels.count * place.mapHeight * place.mapWidth),
  }
}
