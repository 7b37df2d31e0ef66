import { ShapeError } from '../tensor/errors.js'
import { formatShape, type Tensor } from '../tensor/tensor.js'

/** How colourful kernels are. */
export interface KernelColours {
  /** Share of each kernel's energy that is colour, 0 for grey: Σ(K − L)²/ΣK² with L the mean of the channels. Random channels have 2/3. */
  readonly chroma: Float64Array
  /** Kernels of which less than a tenth is colour. */
  readonly grey: number
  /** The others. */
  readonly coloured: number
  /** Coloured ones that set a colour against its opposite: the lesser side has a quarter of the greater's energy at least. */
  readonly opponent: number
}

/** A kernel is grey below this share of colour, and opponent from this balance of the two sides on. */
const GREY = 0.1
const BALANCED = 0.25

/**
 * What kernels or atoms [k, h, w, 3] have of grey, of colour and of opponent colours. A kernel's main colour is the direction along which its
 * colours (less their grey) vary most; its two sides are the energies of both signs along it. Throws {@link ShapeError} for other shapes.
 */
export function kernelColours({ shape, data }: Tensor): KernelColours {
  if (shape.length !== 4 || shape[3] !== 3) {
    throw new ShapeError(`Colours are those of kernels [k, height, width, 3]; got ${formatShape(shape)}.`)
  }
  const [count, height, width] = shape
  const pixels = height * width
  const chroma = new Float64Array(count)
  let [grey, opponent] = [0, 0]
  for (let kernel = 0; kernel < count; kernel++) {
    const colours = new Float64Array(3 * pixels)
    let [all, coloured] = [0, 0]
    for (let p = 0; p < pixels; p++) {
      const at = 3 * (kernel * pixels + p)
      const light = (data[at] + data[at + 1] + data[at + 2]) / 3
      for (let c = 0; c < 3; c++) {
        colours[3 * p + c] = data[at + c] - light
        all += data[at + c] ** 2
        coloured += colours[3 * p + c] ** 2
      }
    }
    chroma[kernel] = all === 0 ? 0 : coloured / all
    if (chroma[kernel] < GREY) grey++
    else if (balance(colours) >= BALANCED) opponent++
  }
  return { chroma, grey, coloured: count - grey, opponent }
}

/** The lesser over the greater of the energies of both signs along the main direction of colours. */
function balance(colours: Float64Array): number {
  const direction = mainDirection(colours)
  const sides = [0, 0]
  for (let p = 0; p < colours.length; p += 3) {
    const along = colours[p] * direction[0] + colours[p + 1] * direction[1] + colours[p + 2] * direction[2]
    sides[along > 0 ? 0 : 1] += along * along
  }
  return Math.min(...sides) / Math.max(...sides, Number.MIN_VALUE)
}

/** The first eigenvector of Σ v vᵀ, by power iteration; from the largest of the vectors, which is not orthogonal to it but by chance. */
function mainDirection(colours: Float64Array): number[] {
  const spread = [0, 0, 0, 0, 0, 0, 0, 0, 0]
  let [direction, longest]: [number[], number] = [[1, 0, 0], 0]
  for (let p = 0; p < colours.length; p += 3) {
    const v = [colours[p], colours[p + 1], colours[p + 2]]
    const length = v[0] * v[0] + v[1] * v[1] + v[2] * v[2]
    if (length > longest) [direction, longest] = [v, length]
    for (let i = 0; i < 3; i++) for (let j = 0; j < 3; j++) spread[3 * i + j] += v[i] * v[j]
  }
  for (let step = 0; step < 50; step++) {
    const next = [0, 1, 2].map(
      (i) => spread[3 * i] * direction[0] + spread[3 * i + 1] * direction[1] + spread[3 * i + 2] * direction[2],
    )
    const norm = Math.hypot(...next)
    if (norm === 0) return direction
    direction = next.map((value) => value / norm)
  }
  return direction
}
