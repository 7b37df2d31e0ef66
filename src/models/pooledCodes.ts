import { type ConvolutionalEncoder, convolutionalEncoder } from '../inference/convolutional/convolutionalEncoder.js'
import { checkedPooling, pooledLength, poolMaps } from '../inference/pooling.js'
import { CancelledError } from '../tensor/errors.js'
import { sizeOf, type Tensor, zeros } from '../tensor/tensor.js'

/** Relative gap of the codes: closer ones are no better to tell classes by. */
const TOLERANCE = 0.01

/** Sparse codes of images by given kernels, pooled; each image is coded once, when it is first asked for. Owns an encoder until disposed. */
export class PooledCodes {
  private readonly found = new Map<Tensor, Map<number, Float32Array>>()

  private constructor(
    private readonly encoder: ConvolutionalEncoder,
    /** Cells along each axis. */
    private readonly cells: number,
  ) {}

  static async start(parts: {
    /** [k, s, s] or [k, s, s, c] */
    readonly kernels: Tensor
    readonly lambda: number
    readonly cells: number
    readonly threads: number | undefined
  }): Promise<PooledCodes> {
    const { kernels, lambda, cells, threads } = parts
    const options = { kernels, spatial: 2, lambda, ...(threads === undefined ? {} : { threads }) } as const
    return new PooledCodes(await convolutionalEncoder(options), cells)
  }

  /** Features of rows of a batch, [rows, length], one cell after the other, in each a number a kernel; `told` how many are done. */
  async features(
    images: Tensor,
    rows: ArrayLike<number>,
    signal: AbortSignal | undefined,
    told: (done: number) => void,
  ): Promise<Tensor> {
    const [, ...shape] = images.shape
    const width = sizeOf(shape)
    const pooling = checkedPooling({ cells: this.cells })
    const length = pooledLength(pooling, this.encoder.kernels.shape[0], 2)
    const known = this.found.get(images) ?? new Map<number, Float32Array>()
    this.found.set(images, known)
    const features = zeros([rows.length, length])
    for (let i = 0; i < rows.length; i++) {
      if (signal?.aborted) throw new CancelledError('Coding images was stopped.')
      const row = rows[i]
      let values = known.get(row)
      if (!values) {
        const image = { shape, data: images.data.subarray(row * width, (row + 1) * width) }
        const { codes } = await this.encoder.encode(image, { tolerance: TOLERANCE, ...(signal ? { signal } : {}) })
        values = poolMaps(codes, this.encoder.codeShape(shape), pooling)
        known.set(row, values)
        told(i + 1)
      }
      features.data.set(values, i * length)
    }
    return features
  }

  dispose(): void {
    this.encoder.dispose()
  }
}
