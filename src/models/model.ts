import type { Store } from '../artifacts/store.js'
import type { Codes } from '../inference/codes.js'
import type { Inference } from '../inference/inference.js'
import type { Tensor } from '../tensor/tensor.js'

/**
 * What every learned model can do. Models of one kind take more: what they code (`Data`), how (`Options`), and what decoding needs
 * besides codes (`Context`).
 */
export interface Model<Data = never, Options = never, Context = never> {
  /** Which model it is, as its run folder says: "sparse-coding", "latent-variable", … */
  readonly kind: string
  /** Codes of observations, and what is known of them. */
  encode(data: Data, options?: Options): Promise<Inference>
  /** What the codes stand for: observations, in the batch's order. */
  decode(codes: Codes, context?: Context): Promise<Tensor>
  /** Free energy of each observation. */
  energy(data: Data, options?: Options): Promise<Float64Array>
  /** Observations made up, where the model can. */
  sample?(count: number, options?: { readonly seed?: number }): Promise<Tensor>
  /** Writes a run folder, from which `loadModel` makes the model again. */
  save(path: string | Store, options?: { readonly overwrite?: boolean }): Promise<void>
  dispose(): void
}
