import {
  type ConvolutionalAutoEncoderModel,
  type ConvolutionalData,
  encoderBesideDecoder,
  formatNumber,
  formatShape,
  formatShare,
} from '../../src/index.js'
import type { Measured, Portrait, Row } from '../models/model.js'
import { historyFigure } from './historyFigure.js'
import { isPictureShape } from './pictures.js'
import { stepKinds } from './stepKinds.js'

/** Images, and numbers in them, on which a finished model is measured. */
const SAMPLE = 200
const SAMPLE_NUMBERS = 2 ** 20

/** What the finished encoder makes of the first images. */
export async function autoEncoderMeasured(
  model: ConvolutionalAutoEncoderModel,
  data: ConvolutionalData,
  signal: AbortSignal,
): Promise<Measured> {
  const last = model.history.at(-1)
  let [count, numbers, energy, active, coefficients] = [0, 0, 0, 0, 0]
  for await (const { inference, shape } of model.encodeEach(data, { signal })) {
    energy += inference.energy[0]
    active += inference.codes.indices.length
    coefficients += inference.codes.shape[1]
    numbers += shape.reduce((product, side) => product * side, 1)
    if (++count >= SAMPLE || numbers >= SAMPLE_NUMBERS) break
  }
  const fields = {
    energyOfPixel: energy / numbers,
    active: active / count,
    activeShare: active / coefficients,
    sample: count,
    kernels: model.settings.kernels,
    steps: last?.step ?? 0,
    observationsSeen: last?.seen ?? 0,
    seconds: last?.seconds ?? 0,
    status: model.status,
  }
  return {
    fields,
    rows: [
      [
        'energy of predicted codes, a number',
        formatNumber(fields.energyOfPixel),
        `on ${formatNumber(count)} ${count === 1 ? 'image' : 'images'}`,
      ],
      ['active coefficients per code', formatNumber(fields.active, 3), `${formatShare(fields.activeShare)} of it`],
      ['crops learned from', formatNumber(fields.observationsSeen)],
      ['seconds of learning', formatNumber(fields.seconds, 3)],
    ],
    ...(model.status === 'finished'
      ? {}
      : { failure: 'Learning stopped because the energy was no finite number any more; lower the learning rate.' }),
  }
}

/** What `energia show` says of a convolutional auto-encoder. */
export function autoEncoderPortrait(model: ConvolutionalAutoEncoderModel): Portrait {
  const { settings, history, kernels, filters } = model
  const shape = kernels.shape.slice(1)
  return {
    title: `A sparse auto-encoder of ${formatNumber(settings.kernels)} kernels, learned from ${settings.data}`,
    lead: 'E(y, z) = ½ Σₚ wₚ (y − Σᵢ Dᵢ * zᵢ)²ₚ + λ‖z‖₁ + ½β‖z − Enc(y)‖²: kernels and the encoder of their maps, learned together.',
    heading: 'Filters',
    subject: 'Filters',
    picture: isPictureShape(shape) ? encoderBesideDecoder([{ filters, kernels }]) : undefined,
    caption: 'Left the encoder’s filters, right the decoder’s kernels at the same places; zero is mid-grey.',
    alt: `Two grids of ${settings.kernels} filters of ${formatShape(shape)}.`,
    settings: settingRows(model),
    numbers: measureRows(model),
    facts: { settings, status: model.status, ...(history.length > 0 ? { last: history.at(-1) } : {}) },
    figures: () =>
      historyFigure(
        history,
        { training: ({ energy }) => energy, 'held-out': ({ heldOutEnergy }) => heldOutEnergy },
        'Energy per crop while learning.',
      ),
  }
}

function settingRows({ settings, transform }: ConvolutionalAutoEncoderModel): [label: string, text: string][] {
  const { kernels, size, channels, encoder, input } = settings
  const steps = stepKinds(transform.config)
  const form = [encoder.kind, ...(typeof encoder.steps === 'number' ? [`${encoder.steps} steps`] : [])]
  return [
    ['learned from', settings.data],
    ['kernels', `${kernels} of ${formatShape([...size, ...(channels ? [channels] : [])])}`],
    ['λ', String(settings.lambda)],
    ['β', `${settings.beta}${settings.encoderInInference ? '' : ', for the encoder only'}`],
    ['encoder', form.join(', ')],
    ['inference while learning', `${settings.inferenceSteps} steps of FISTA`],
    ['preprocessing', steps.length === 0 ? 'none' : steps.join(', ')],
    ['learned from crops', input.kind === 'crops' ? formatShape(input.crop) : 'no, whole'],
    ['seed', String(settings.seed)],
  ]
}

function measureRows({ history, status }: ConvolutionalAutoEncoderModel): Row[] {
  const last = history.at(-1)
  if (last === undefined) return [['learning', status]]
  return [
    ['energy per crop', formatNumber(last.energy), 'over the last batches of learning'],
    ...(last.heldOutEnergy === undefined
      ? []
      : [['held-out energy per crop', formatNumber(last.heldOutEnergy)] as const]),
    ['active coefficients per code', formatNumber(last.active, 3), `${formatShare(last.activeShare)} of it`],
    ['kernels that began anew', formatNumber(last.deadReplaced)],
    ['steps of learning', formatNumber(last.step)],
    ['seconds of learning', formatNumber(last.seconds, 3)],
    ['learning', status],
  ]
}
