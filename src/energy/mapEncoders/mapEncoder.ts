import { conv, type Sym } from '../../graph/index.js'
import { ConfigurationError, ShapeError } from '../../tensor/errors.js'
import { formatShape, sameShape, type Tensor } from '../../tensor/tensor.js'
import type { ModuleConfig, ParameterShapes, Parameters, SymParameters } from '../module.js'
import { checkedCount } from '../regularizer.js'

/** The sizes that an encoder of feature maps is made for. */
export interface MapSizes {
  /** Maps of a code, m. */
  readonly maps: number
  readonly channels: number
  /** Of a filter. */
  readonly height: number
  readonly width: number
}

/**
 * Predicts feature maps, Enc(y): images [n, c, h, w] → codes [n, m, h − kh + 1, w − kw + 1], of any h and w. Filters are [m, c, kh, kw]
 * and lie wholly inside of the image.
 */
export interface MapEncoder extends MapSizes {
  readonly kind: string
  /** How many times a code's neighbourhood grows by kh − 1 and kw − 1 on every side; 0: a coefficient sees its own window alone. */
  readonly reach: number
  /** Whether codes hold zeros. */
  readonly sparse: boolean
  /** The filters that meet the image first, [m, c, kh, kw], by their name among the parameters. */
  readonly filters: string
  shapes(): ParameterShapes
  /** First parameters for kernels [m, c, kh, kw]: those of proximal gradient steps of ½‖y − Σ K * z‖² + λ‖z‖₁ with step 1 / `lipschitz`. */
  start(kernels: Tensor, lambda: number, lipschitz: number): Parameters
  apply(parameters: SymParameters, y: Sym): Sym
  /** Parameters brought back to where they mean something: thresholds to 0 or more. What is left out stays. */
  constrain(parameters: SymParameters): SymParameters
  describe(): ModuleConfig
}

/** What tells one encoder of maps from another. */
export interface MapEncoderParts extends Pick<MapEncoder, 'kind' | 'reach' | 'sparse' | 'filters' | 'constrain'> {
  /** Settings beside the sizes. */
  readonly settings?: Readonly<Record<string, number | boolean>>
  readonly shapes: ParameterShapes
  start(step: MapStep): Parameters
  code(parameters: SymParameters, y: Sym): Sym
}

/** What a proximal gradient step from 0 is made of: shrink(K/L ⋆ y, λ/L). */
export interface MapStep {
  /** K, [m, c, kh, kw] */
  readonly kernels: Tensor
  /** K/L, [m, c, kh, kw] */
  readonly weight: Tensor
  /** λ/L for each map, [m] */
  readonly threshold: Tensor
}

/** An encoder of maps from its parts. Throws {@link ConfigurationError} where a size cannot be. */
export function mapEncoder(sizes: MapSizes, parts: (shape: readonly number[]) => MapEncoderParts): MapEncoder {
  const maps = checkedCount('maps', sizes.maps)
  const channels = checkedCount('channels', sizes.channels)
  const height = checkedCount('height', sizes.height)
  const width = checkedCount('width', sizes.width)
  const shape = [maps, channels, height, width]
  const { kind, reach, sparse, filters, settings = {}, shapes, start, code, constrain } = parts(shape)
  return {
    kind,
    maps,
    channels,
    height,
    width,
    reach,
    sparse,
    filters,
    shapes: () => shapes,
    start(kernels, lambda, lipschitz) {
      if (!sameShape(kernels.shape, shape)) {
        throw new ShapeError(
          `The encoder is for kernels of ${formatShape(shape)}; got ${formatShape(kernels.shape)}, [maps, channels, height, width].`,
        )
      }
      if (!(lipschitz > 0 && lipschitz < Number.POSITIVE_INFINITY)) {
        throw new ConfigurationError(`An encoder starts from a step 1/L with L above 0; got L = ${lipschitz}.`)
      }
      return start({
        kernels,
        weight: { shape, data: kernels.data.map((value) => value / lipschitz) },
        threshold: { shape: [maps], data: new Float32Array(maps).fill(lambda / lipschitz) },
      })
    },
    apply(parameters, y) {
      const [, given, ...extents] = y.shape
      const [rows, columns] = extents as number[]
      if (y.shape.length !== 4 || given !== channels || !(rows >= height && columns >= width)) {
        throw new ShapeError(
          `The encoder ${kind} takes images [n, ${channels}, ≥ ${height}, ≥ ${width}]; got [${y.shape.join(', ')}].`,
        )
      }
      return code(parameters, y)
    },
    constrain,
    describe: (): ModuleConfig => ({ kind, maps, channels, height, width, ...settings }),
  }
}

/** The filters' answers at every place where they lie wholly inside, F ⋆ y. */
export const analyse = (y: Sym, filters: Sym): Sym => conv(y, filters)
