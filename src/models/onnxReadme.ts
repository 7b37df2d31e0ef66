import type { Dimension } from '../graph/index.js'
import { inputOperation, type Sym } from '../graph/sym.js'
import { topological } from '../graph/traverse.js'
import type { Outputs } from '../inference/graph/solverGraphs.js'
import type { StepConfig } from '../preprocess/preprocessor.js'
import { version } from '../version.js'
import type { ClassifierModel } from './classifierModel.js'
import { exportedSteps } from './convolutionalAutoEncoderOnnx.js'
import type { AnyModel } from './loadModel.js'
import type { ExportedInference, OnnxParts } from './sparseCodingOnnx.js'

const parts: Readonly<Record<string, string>> = {
  encoder: 'observations to codes, in one pass',
  decoder: 'codes to observations',
  inference: 'observations to codes of least energy, by a search',
  classifier: 'observations to probabilities of classes',
}

const meanings: Readonly<Record<string, string>> = {
  mean: 'z̄, the centre of the ball of codes',
  deviation: 'σ, its size',
  energy: 'E at the code',
  gap: 'the energy lies at most this far above the least one',
  status: '0 steps used up, 1 converged, 2 stalled, 3 diverged, 4 not finite',
}

/** The page that goes with exported parts: their tensors, how inference ends, and what is left out. */
export function onnxReadme(
  model: AnyModel | ClassifierModel,
  exported: OnnxParts,
  { steps = model.kind === 'conv-autoencoder' ? exportedSteps : undefined, tolerance }: ExportedInference,
): string {
  const sections = Object.entries(exported).map(([name, outputs]) =>
    [
      `## ${name}.onnx: ${parts[name]}`,
      '',
      '| tensor | | type | shape | |',
      '| --- | --- | --- | --- | --- |',
      ...inputsOf(outputs).map(([input, sym]) => line(input, 'input', sym)),
      ...Object.entries(outputs).map(([output, sym]) => line(output, 'output', sym)),
      '',
      ...(name === 'inference' ? [searchOf(steps, tolerance), ''] : []),
    ].join('\n'),
  )
  return [
    `# A ${model.kind} model as ONNX`,
    '',
    `Written by Energia ${version}, opset 21. n is the number of observations, which may be any.`,
    '',
    preprocessingOf(model),
    '',
    ...sections,
  ].join('\n')
}

function line(name: string, what: 'input' | 'output', { shape, type }: Sym): string {
  const written = shape.map((size: Dimension) => String(size)).join(', ')
  return `| \`${name}\` | ${what} | ${type} | [${written}] | ${meanings[name] ?? ''} |`
}

function searchOf(steps: number | undefined, tolerance: number | undefined): string {
  if (steps !== undefined) return `It takes ${steps} steps.`
  const wanted = tolerance === undefined ? "the library's default tolerance" : `a tolerance of ${tolerance}`
  return `It goes on to ${wanted} for all observations of a batch, for 2,000 steps at most.`
}

function preprocessingOf(model: AnyModel | ClassifierModel): string {
  const { settings } = model
  if (model.kind === 'conv-autoencoder') return transformOf(stepKinds(model.settings.transform))
  if (model.kind === 'classifier') {
    const done = stepKinds(model.settings.transform)
    return done.length === 0
      ? 'There is no preprocessing: observations go in as they are.'
      : `Preprocessing is not in this graph. The model learned from images after ${done.join(', ')}; do the same before \`y\` goes in. Its settings are in the run's config.json.`
  }
  if (!('preprocess' in settings)) return 'There is no preprocessing: observations go in and come out as they are.'
  const kinds = [
    ...(settings.input.kind === 'images' ? stepKinds(settings.input.transform) : []),
    ...stepKinds(settings.preprocess),
  ]
  if (kinds.length === 0) return 'The model has no preprocessing: observations go in and come out as they are.'
  return `Preprocessing is not in these graphs. The model learned from observations after ${kinds.join(', ')}; do the same before \`y\` goes in, and undo it after \`y\` comes out. Its settings are in the run's config.json, its tensors in model.safetensors.`
}

/** What is done to whole images. */
function transformOf(kinds: readonly string[]): string {
  const size = 'Images are [n, channels, height, width], of the size of the crops that the model learned from.'
  if (kinds.length === 0) return `${size} Nothing is done to them before.`
  return `${size} What is done to them first is not in these graphs: ${kinds.join(', ')} of the whole image. Its settings are in the run's config.json.`
}

/** The kinds of a pipeline's steps. */
function stepKinds({ kind, steps }: StepConfig): string[] {
  return Array.isArray(steps) ? steps.map((step: StepConfig) => step.kind) : [kind]
}

/** The inputs behind a graph's outputs, each name once, as it is in the model: parts of a graph may have asked for it anew. */
function inputsOf(outputs: Outputs): [name: string, sym: Sym][] {
  const inputs = topological(Object.values(outputs))
    .filter(({ operation }) => operation.name === inputOperation.name)
    .map((node): [string, Sym] => {
      const { name, shape, type } = node.attributes as { name: string } & Pick<Sym, 'shape' | 'type'> // an input has these
      return [name, { shape, type, node, output: 0 }]
    })
  return [...new Map(inputs)]
}
