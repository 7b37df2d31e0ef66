import type { Run } from '../artifacts/runFolder.js'
import type { Observations } from '../data/observations.js'
import type { Codes } from '../inference/codes.js'
import type { Inference } from '../inference/inference.js'
import type { FittedStep, NamedTensors } from '../preprocess/preprocessor.js'
import type { Tensor } from '../tensor/tensor.js'
import type { CodedBatch } from './codedBatches.js'
import type { Model } from './model.js'
import type { SparseCodingData } from './sparseCoding.js'

/** Codes of one batch of a stream, with what decoding needs to undo the preprocessing. */
export type EncodedBatch = CodedBatch<Inference, NamedTensors>

/** A dictionary W with what is done to observations before they are coded over it. */
export interface DictionaryModel<Options> extends Model<SparseCodingData, Options, NamedTensors> {
  /** W, [k, …shape of an observation] */
  readonly atoms: Tensor
  /** What is done to observations before they are coded. */
  readonly preprocess: FittedStep
  /** Codes of all observations. Images are cut into the patches of a grid without overlap (the last ones shifted inwards). */
  encode(data: SparseCodingData, options?: Options): Promise<Inference>
  /** The same, batch by batch, for streams of any length. */
  encodeBatches(data: SparseCodingData, options?: Options & { batchSize?: number }): AsyncGenerator<EncodedBatch>
  /** Wz, with the preprocessing undone as far as `context` (from {@link encodeBatches}) allows. */
  decode(codes: Codes, context?: NamedTensors): Promise<Tensor>
  /** The energy of the code of each observation, preprocessed: the free energy F(y) = min over z of E(y, z) where codes are solved for. */
  energy(data: SparseCodingData, options?: Options): Promise<Float64Array>
  /** The observations that {@link encode} would code, before preprocessing: those given, or the grid patches of images. */
  observations(data: SparseCodingData): Observations
  /** Finishes a run that learning has begun: settings, tensors, metrics, a picture of the atoms and a card. */
  saveInto(run: Run): Promise<void>
}
