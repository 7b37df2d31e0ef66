import type { Command } from 'commander'
import type {
  Codes,
  Features,
  ImageStep,
  Images,
  Inference,
  NamedTensors,
  Observations,
  OnnxExport,
  Picture,
  report,
  Status,
  Tensor,
} from '../../src/index.js'
import type { OpeningOptions } from '../commands/common.js'
import type { CodingOptions } from '../commands/encode.js'
import type { FeaturesOptions } from '../commands/features.js'
import type { Session } from '../session.js'
import type { FitOptions } from './options.js'

/**
 * What the command line knows of a kind of model. Each kind is one file of this folder and one line of the registry.
 * Help and completion read these definitions, so that nothing here may load the library before `recipe` and `open` do.
 */
export interface ModelCommand<Options extends FitOptions = FitOptions> {
  /** As in `energia fit NAME`. */
  readonly name: string
  /** What run folders call it, where that is not its name. */
  readonly kind?: string
  readonly description: string
  /** Command lines for the help, one a line. */
  readonly examples: string
  /** What can be done with it beyond encode, decode, energy and show. */
  readonly also?: readonly ExtraVerb[]
  /** Adds the options of `energia fit NAME`. */
  options(command: Command): void
  /** How it is made of these options. Throws ConfigurationError where they do not go together; no data is read yet. */
  recipe(options: Options, session: Session): Promise<Recipe>
  /** The model of a run folder. */
  open(run: string, session: Session, options: OpeningOptions): Promise<Learned>
}

/** What run folders call a model. */
export const kindOf = ({ name, kind = name }: Pick<ModelCommand, 'name' | 'kind'>): string => kind

/** Commands that only some models serve. */
export type ExtraVerb = 'sample' | 'export' | 'features'

/** A model that is to be learned from data not yet opened. */
export interface Recipe {
  /**
   * How patches are cut out of images: `unsaid` where the options should say it for large ones, `none` where the model takes no patches,
   * `whole` where it takes images of any size as they are.
   */
  readonly cut: Cut | 'unsaid' | 'none' | 'whole'
  /** The model for some data, not yet learned. Throws ConfigurationError where the options do not go with the data. */
  define(data: Observations | Images): Definition
}

/** How patches are cut out of images. */
export interface Cut {
  readonly size: readonly [height: number, width: number]
  /** What is done to whole images first. */
  readonly transform: ImageStep | readonly ImageStep[]
  readonly minimumDeviation?: number
}

export interface Definition {
  /** What the event `start` says of it. */
  readonly facts: object
  learn(how: Learning): Promise<Trained>
}

/** What the learning of every model is given. */
export interface Learning {
  /** The library's own options of `fit`, without `onProgress`. */
  readonly fit: {
    readonly run: string
    readonly signal: AbortSignal
    readonly epochs?: number
    readonly seconds?: number
    readonly heldOut?: Tensor | Observations
    readonly patience?: number
    readonly overwrite?: boolean
    readonly resume?: boolean
    readonly checkpointSeconds?: number
  }
  /** Held-out images, for models that take them whole. */
  readonly heldOutImages?: Images
  /** A report: its numbers, and a line of at most 80 characters. */
  progress(numbers: object, line: string): void
}

/** A row of a table: label, value, and perhaps a remark. */
export type Row = readonly [label: string, value: string, remark?: string]

/** Numbers measured on a model: as fields of an event, as rows for people, and what else people should know. */
export interface Measured {
  readonly fields: object
  readonly rows: readonly Row[]
  readonly note?: string
  /** Why learning did not end well, where it did not, as a sentence; the last good parameters have been kept. */
  readonly failure?: string
}

/** A model that has just been learned. */
export interface Trained {
  /** Numbers on observations as learning saw them, drawn from all unless the first are wanted; a model that takes images whole measures on its data. */
  measure(sample: (shuffled?: boolean) => Promise<Tensor>, signal: AbortSignal): Promise<Measured>
  dispose(): void
}

/** Codes of one batch. */
export interface CodedBatch {
  /** Row of the first observation in the whole stream. */
  readonly first: number
  readonly inference: Inference
  /** What decoding needs besides the codes, [n, …] each. */
  readonly context: NamedTensors
  /** What else is known of each code, [n, …]. */
  readonly columns?: NamedTensors
  /** Where observations have sizes of their own: that of the only one of this batch, and the shape of its code. */
  readonly shapes?: { readonly observation: readonly number[]; readonly code: readonly number[] }
}

/** Codes of all observations, or of the patches of all images, batch by batch. */
export type Coder = (data: Observations | Images, signal: AbortSignal) => AsyncGenerator<CodedBatch>

/** A model of a run folder, as the commands use it. */
export interface Learned {
  /** The name of its kind, as in `energia fit NAME`. */
  readonly kind: string
  /** The shape of one observation; of its smallest where they have sizes of their own. */
  readonly observation: readonly number[]
  /** Length of a code; of the smallest where observations have sizes of their own. */
  readonly codeLength: number
  /** Present where images or signals of any size are coded whole, one row of feature maps each. */
  readonly whole?: WholeCoding
  /** What is done to images before their patches are cut; undefined where it learned from observations. */
  readonly transform: ImageStep | undefined
  /** The kinds of the steps done to each observation. */
  readonly preprocessing: readonly string[]
  /** Throws ConfigurationError where the model cannot be coded as these options say. */
  /** `note` tells what people should know before codes come. */
  coder(options: CodingOptions, note: (text: string) => void): Coder
  /** Features of one image or signal after another, and how many each has; absent where codes have no places. */
  features?(options: FeaturesOptions): {
    readonly length: number
    each(data: Observations | Images, signal: AbortSignal): AsyncGenerator<Features>
  }
  /** Observations from codes, preprocessing undone as far as `context` allows. */
  decode(codes: Codes, context?: NamedTensors): Promise<Tensor>
  /** Whether codes come from an encoder, without a search that could have converged. */
  predicts?(options: CodingOptions): boolean
  /** What to say of codes with this status, where it is something else than for other models. */
  explain?(status: Status): string | undefined
  /** What samples are drawn for: the shape of one x, where the model explains y from x. */
  readonly given?: readonly number[]
  /** New observations, in batches [n, …shape]; `count` for each row of `x` where the model has one. */
  sample?(options: {
    readonly count: number
    readonly seed: number
    readonly x?: Tensor
    readonly signal: AbortSignal
  }): AsyncGenerator<Tensor>
  /** Its parts as ONNX graphs, by name. */
  onnx?(options: { readonly steps?: number; readonly tolerance?: number }): OnnxExport
  portrait(): Promise<Portrait>
  dispose(): void
}

type Figure = NonNullable<Parameters<typeof report>[0]['sections'][number]['figures']>[number]

/** How a model codes images (2 axes) or signals (1) of any size. */
export interface WholeCoding {
  readonly spatial: 1 | 2
  /** Channels of an observation; undefined where it has no axis of channels. */
  readonly channels: number | undefined
  /** One observation of this shape from its row of codes, preprocessing undone as far as `context` allows. */
  decode(codes: Codes, shape: readonly number[], context?: NamedTensors): Promise<Tensor>
}

/** What `energia show` says of a model. */
export interface Portrait {
  /** "256 atoms learned from digits" */
  readonly title: string
  /** Its energy, in a sentence. */
  readonly lead: string
  /** "Dictionary" */
  readonly heading: string
  /** What its picture is of: "Atoms". */
  readonly subject: string
  /** Undefined where it cannot be drawn. */
  readonly picture: Picture | undefined
  /** Why not, where that is not the shape of observations. */
  readonly unpictured?: string
  readonly caption: string
  readonly alt: string
  readonly settings: readonly (readonly [label: string, text: string])[]
  readonly numbers: readonly Row[]
  /** The same for programs. */
  readonly facts: object
  /** What the report shows beside the picture. */
  figures(): Promise<Figure[]>
}
