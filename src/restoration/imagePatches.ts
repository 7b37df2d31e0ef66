import { corner, type PatchGrid, patchGrid } from '../preprocess/patchGrid.js'
import { cutPatch, type PatchSize, patchSize } from '../preprocess/patchSize.js'
import { rng } from '../tensor/random.js'
import type { Tensor } from '../tensor/tensor.js'

/** Patches of an image, each channel less its mean. */
export interface CentredPatches {
  /** [n, h, w] or [n, h, w, c] */
  readonly patches: Tensor
  /** [n, c] */
  readonly means: Float32Array
}

/** The overlapping patches of one image, `stride` pixels apart, cut when they are asked for. */
export class ImagePatches {
  readonly grid: PatchGrid
  readonly channels: number
  /** Numbers in a patch. */
  readonly size: number

  /** Throws DataError where the image is smaller than a patch. */
  constructor(
    readonly image: Tensor,
    patch: PatchSize,
    stride = 1,
  ) {
    const [height, width] = patchSize(patch)
    this.grid = patchGrid(image.shape, { size: patch, stride: [Math.min(stride, height), Math.min(stride, width)] })
    this.channels = image.shape[2] ?? 1
    this.size = this.grid.size[0] * this.grid.size[1] * this.channels
  }

  get count(): number {
    return this.grid.count
  }

  /** The shape of one patch. */
  get shape(): readonly number[] {
    return [...this.grid.size, ...this.image.shape.slice(2)]
  }

  /** Patches by number as they are: [n, …shape]. */
  cut(indices: ArrayLike<number>): Tensor {
    const data = new Float32Array(indices.length * this.size)
    for (let i = 0; i < indices.length; i++) {
      cutPatch(this.image, ...corner(this.grid, indices[i]), this.grid.size, data, i * this.size)
    }
    return { shape: [indices.length, ...this.shape], data }
  }

  /** The same less each channel's mean. */
  centred(indices: ArrayLike<number>): CentredPatches {
    const patches = this.cut(indices)
    const { size, channels } = this
    const means = new Float32Array(indices.length * channels)
    for (let i = 0; i < indices.length; i++) {
      for (let channel = 0; channel < channels; channel++) {
        let sum = 0
        for (let p = channel; p < size; p += channels) sum += patches.data[i * size + p]
        const mean = (sum * channels) / size
        means[i * channels + channel] = mean
        for (let p = channel; p < size; p += channels) patches.data[i * size + p] -= mean
      }
    }
    return { patches, means }
  }

  /** The numbers of `most` patches drawn without repetition, or of all where there are no more. */
  sample(most: number, seed: number): Uint32Array {
    const all = Uint32Array.from({ length: this.count }, (_, i) => i)
    return this.count <= most ? all : rng(seed, 7).shuffle(all).slice(0, most)
  }
}

/** A weighted mean of overlapping patches: each pixel is Σ weight·value / Σ weight over the patches that cover it. */
export class PatchMean {
  private readonly sums: Float64Array
  private readonly weights: Float64Array

  /** Every pixel begins with `own` times the image. */
  constructor(
    private readonly source: ImagePatches,
    own: number,
  ) {
    this.sums = Float64Array.from(source.image.data, (value) => own * value)
    this.weights = new Float64Array(source.image.data.length).fill(own)
  }

  /** Adds patch `index`: `values` from `offset` on plus the channels' means. */
  add(
    index: number,
    values: Float32Array,
    offset: number,
    means: Float32Array,
    meanOffset: number,
    weight: number,
  ): void {
    const { grid, channels, image } = this.source
    const [row, column] = corner(grid, index)
    const [height, width] = grid.size
    let from = offset
    for (let y = 0; y < height; y++) {
      let at = ((row + y) * image.shape[1] + column) * channels
      for (let x = 0; x < width; x++) {
        for (let channel = 0; channel < channels; channel++, at++, from++) {
          this.sums[at] += weight * (values[from] + means[meanOffset + channel])
          this.weights[at] += weight
        }
      }
    }
  }

  /** The mean, of the image's shape. */
  image(): Tensor {
    return {
      shape: this.source.image.shape,
      data: Float32Array.from(this.sums, (sum, at) => sum / this.weights[at]),
    }
  }
}
