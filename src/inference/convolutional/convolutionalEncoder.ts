import { DataError } from '../../tensor/errors.js'
import { type Tensor, tensor } from '../../tensor/tensor.js'
import { type Codes, fromDense } from '../codes.js'
import type { Inference, Status } from '../inference.js'
import { decodeConvolutional } from './decodeConvolutional.js'
import { type Boundary, codeSize, geometry, kernelGeometry, mapShape, type Spatial } from './geometry.js'

export interface ConvolutionalEncodeOptions {
  readonly solver?: 'active-set' | 'fista'
  /** Relative duality gap to reach, gap ≤ tolerance · energy. 1e-4 by default. */
  readonly tolerance?: number
  readonly maxSteps?: number
  readonly seconds?: number
  /** 1 where observed, 0 where missing: [h, w], or the shape of the observation. */
  readonly mask?: Tensor
  /** Codes to start from: one row. */
  readonly warmStart?: Codes
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: { steps: number; gap: number; energy: number; seconds: number }) => void
}

export interface ConvolutionalEncoder {
  readonly kernels: Tensor
  readonly boundary: Boundary
  readonly threads: number
  readonly limitation: string | undefined
  /** [m, h′, w′] (or [m, t′]) for an observation of `shape`. Throws ShapeError where kernels do not fit. */
  codeShape(shape: readonly number[]): readonly number[]
  /** The smallest λ with Z* = 0 for this observation. */
  lambdaMax(observation: Tensor, mask?: Tensor): Promise<number>
  encode(observation: Tensor, options?: ConvolutionalEncodeOptions): Promise<Inference>
  dispose(): void
}

export interface ConvolutionalEncoderOptions {
  readonly kernels: Tensor
  readonly spatial: Spatial
  readonly boundary?: Boundary
  readonly lambda?: number
  readonly lambdaRatio?: number
  readonly nonNegative?: boolean
  readonly mapWeights?: ArrayLike<number>
  readonly positionWeights?: Tensor
  readonly threads?: number
}

export async function convolutionalEncoder(options: ConvolutionalEncoderOptions): Promise<ConvolutionalEncoder> {
  const { kernels, spatial, boundary = 'same' } = options
  const kg = kernelGeometry(kernels.shape, spatial)
  const placeOf = (shape: readonly number[]) => geometry(kg, boundary, shape)
  const correlate = (r: Float64Array, place: ReturnType<typeof placeOf>) => {
    const out = new Float64Array(codeSize(place))
    const { height, width, mapHeight, mapWidth, top, left } = place
    const c = kg.channels
    let at = 0
    for (let i = 0; i < kg.count; i++)
      for (let y = 0; y < mapHeight; y++)
        for (let x = 0; x < mapWidth; x++) {
          let sum = 0
          for (let dy = 0; dy < kg.height; dy++) {
            let yy = y + dy - top
            if (boundary === 'circular') yy %= height
            if (yy < 0 || yy >= height) continue
            for (let dx = 0; dx < kg.width; dx++) {
              let xx = x + dx - left
              if (boundary === 'circular') xx %= width
              if (xx < 0 || xx >= width) continue
              for (let q = 0; q < c; q++)
                sum += kernels.data[((i * kg.height + dy) * kg.width + dx) * c + q] * r[(yy * width + xx) * c + q]
            }
          }
          out[at++] = sum
        }
    return out
  }
  const expandMask = (observation: Tensor, mask?: Tensor) => {
    const out = new Float64Array(observation.data.length).fill(1)
    if (mask) {
      const each = out.length / mask.data.length
      for (let i = 0; i < out.length; i++) out[i] = mask.data[Math.floor(i / each)]
    }
    return out
  }
  const weights = (place: ReturnType<typeof placeOf>) => {
    const positions = place.mapHeight * place.mapWidth
    return (index: number) =>
      (options.mapWeights ? options.mapWeights[Math.floor(index / positions)] : 1) *
      (options.positionWeights ? options.positionWeights.data[index % positions] : 1)
  }
  const lambdaMax = async (observation: Tensor, mask?: Tensor) => {
    const place = placeOf(observation.shape)
    const m = expandMask(observation, mask)
    const w = weights(place)
    return correlate(
      Float64Array.from(observation.data, (v, i) => v * m[i]),
      place,
    ).reduce((most, v, i) => Math.max(most, (options.nonNegative ? v : Math.abs(v)) / w(i)), 0)
  }
  return {
    kernels,
    boundary,
    threads: 1,
    limitation: undefined,
    codeShape: (shape) => mapShape(placeOf(shape)),
    lambdaMax,
    async encode(observation, encode = {}) {
      tensor(observation.shape, observation.data)
      if (observation.data.some((v, i) => !Number.isFinite(v) && (!encode.mask || encode.mask.data[i] !== 0)))
        throw new DataError('The observation holds numbers that are not finite.')
      const place = placeOf(observation.shape)
      const lambda = options.lambda ?? options.lambdaRatio! * (await lambdaMax(observation, encode.mask))
      const m = expandMask(observation, encode.mask)
      const size = codeSize(place)
      const w = weights(place)
      const shape = observation.shape
      const z = new Float32Array(size)
      if (encode.warmStart)
        for (let a = 0; a < encode.warmStart.indptr[1]; a++) z[encode.warmStart.indices[a]] = encode.warmStart.values[a]
      const codesOf = (data: Float32Array): Codes => fromDense({ shape: [1, size], data })
      const residual = (codes: Codes) => {
        const decoded = decodeConvolutional(codes, kernels, { boundary, shape, spatial })
        return Float64Array.from(observation.data, (v, i) => (m[i] ? v - decoded.data[i] : 0))
      }
      let bound = 0
      for (const v of kernels.data) bound += v * v
      const L = bound * Math.sqrt(kg.height * kg.width) + 1e-9
      let v = z.slice()
      let old = z.slice()
      let t = 1
      let steps = 0
      let energy = 0
      let gap = 0
      let status: Status = 'maxSteps'
      let current = z
      for (;;) {
        const r = residual(codesOf(current))
        const beta = correlate(r, place)
        energy = r.reduce((s, x) => s + x * x, 0) / 2
        let l1 = 0
        let worst = 1
        for (let i = 0; i < size; i++) {
          l1 += w(i) * Math.abs(current[i])
          worst = Math.max(worst, (options.nonNegative ? beta[i] : Math.abs(beta[i])) / (lambda * w(i) || 1))
        }
        energy += lambda * l1
        const s = 1 / worst
        let dual = 0
        for (let i = 0; i < r.length; i++)
          dual += s * r[i] * (m[i] ? observation.data[i] : 0) - 0.5 * s * s * r[i] * r[i]
        gap = energy - dual
        if (gap <= (encode.tolerance ?? 1e-4) * energy) {
          status = 'converged'
          break
        }
        if (steps >= (encode.maxSteps ?? 2000)) break
        for (let k = 0; k < 10; k++) {
          const g = correlate(residual(codesOf(v)), place)
          const next = new Float32Array(size)
          for (let i = 0; i < size; i++) {
            const u = v[i] + g[i] / L
            const th = (lambda * w(i)) / L
            next[i] = u > th ? u - th : u < -th && !options.nonNegative ? u + th : 0
          }
          const t2 = (1 + Math.sqrt(1 + 4 * t * t)) / 2
          v = next.map((x, i) => x + ((t - 1) / t2) * (x - old[i]))
          old = next
          t = t2
        }
        current = old
        steps += 10
      }
      return {
        codes: codesOf(current),
        energy: Float64Array.of(energy),
        gap: Float64Array.of(gap),
        steps: Uint32Array.of(steps),
        status: [status],
      }
    },
    dispose() {},
  }
}
