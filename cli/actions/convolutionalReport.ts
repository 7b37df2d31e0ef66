import {
  atomUsage,
  type ConvolutionalData,
  type ConvolutionalSparseCodingModel,
  formatNumber,
  formatShape,
  formatShare,
  isObserved,
  mosaic,
  type ObservationMasks,
  type Picture,
  waveforms,
} from '../../src/index.js'
import { given } from '../given.js'
import type { Measured, Portrait, Row } from '../models/model.js'
import { historyFigure } from './historyFigure.js'
import { MEASURING_SECONDS, noteOf, worstRelativeGap } from './measures.js'
import { isPictureShape } from './pictures.js'
import { stepKinds } from './stepKinds.js'

/** Observations, and numbers in them, on which finished kernels are measured. */
const SAMPLE = 1000
const SAMPLE_NUMBERS = 2 ** 20

/** What the finished kernels make of the first observations, as many as half a minute allows. */
export async function convolutionalMeasured(
  model: ConvolutionalSparseCodingModel,
  data: ConvolutionalData,
  mask: ObservationMasks | undefined,
  signal: AbortSignal,
): Promise<Measured> {
  const last = model.history.at(-1)
  let [count, numbers, energy, active, coefficients, worst, unsolved] = [0, 0, 0, 0, 0, 0, 0]
  let spent = false
  const started = performance.now()
  const coded = model.encodeEach(data, { seconds: MEASURING_SECONDS, signal, ...given({ mask }) })
  for await (const { index, inference, shape } of coded) {
    if (!isObserved(mask, index)) continue
    const { codes, gap, status } = inference
    energy += inference.energy[0]
    active += codes.indices.length
    coefficients += codes.shape[1]
    if (gap) worst = Math.max(worst, worstRelativeGap(inference.energy, gap))
    if (status[0] !== 'converged') unsolved++
    numbers += shape.reduce((product, side) => product * side, 1)
    spent = performance.now() - started >= 1000 * MEASURING_SECONDS
    if (++count >= SAMPLE || numbers >= SAMPLE_NUMBERS || spent) break
  }
  const fields = {
    objective: energy / count,
    ...(last?.heldOutEnergy === undefined ? {} : { heldOutObjective: last.heldOutEnergy }),
    active: active / count,
    activeShare: active / coefficients,
    worstRelativeGap: worst,
    converged: count - unsolved,
    sample: count,
    kernels: model.settings.kernels,
    kernelsInUse: inUse(model),
    observationsSeen: last?.seen ?? 0,
    seconds: last?.seconds ?? 0,
    status: model.status,
  }
  return {
    fields,
    rows: [
      [
        'objective per observation',
        formatNumber(fields.objective),
        `on ${formatNumber(count)} ${count === 1 ? 'observation' : 'observations'}`,
      ],
      ...(fields.heldOutObjective === undefined
        ? []
        : [['held-out objective per observation', formatNumber(fields.heldOutObjective)] as const]),
      ['active coefficients per code', formatNumber(fields.active, 3), `${formatShare(fields.activeShare)} of it`],
      ['worst certified relative gap', formatNumber(worst, 2)],
      ['kernels in use', formatNumber(fields.kernelsInUse), `of ${formatNumber(fields.kernels)}`],
      ['observations learned from', formatNumber(fields.observationsSeen)],
      ['seconds of learning', formatNumber(fields.seconds, 3)],
    ],
    ...noteOf(unsolved, count, fields.kernelsInUse === 0 ? 'kernel' : undefined, spent),
    ...(model.status === 'finished'
      ? {}
      : {
          failure:
            'Learning stopped because the energy was no finite number any more; look for values that are far too large.',
        }),
  }
}

const inUse = ({ usage }: ConvolutionalSparseCodingModel): number =>
  usage.reduce((count, use) => count + (use > 0 ? 1 : 0), 0)

/** What `energia show` says of kernels. */
export function convolutionalPortrait(model: ConvolutionalSparseCodingModel): Portrait {
  const { settings, history, usage, kernels } = model
  const picture = pictureOf(model)
  const each = formatShape(kernels.shape.slice(1))
  return {
    title: `${formatNumber(settings.kernels)} kernels learned from ${settings.data}`,
    lead: 'Convolutional sparse coding, E(Y, Z) = ½‖Y − Σᵢ Kᵢ * Zᵢ‖² + λΣᵢ‖Zᵢ‖₁: an image is a sum of kernels, each at a few places.',
    heading: 'Kernels',
    subject: 'Kernels',
    picture,
    ...(picture ? {} : { unpictured: `Kernels of ${each} have too many channels for a picture` }),
    caption:
      'The kernels, the most used first; zero is mid-grey, or the thin line, and each kernel is scaled by itself.',
    alt: `${settings.kernels} kernels of ${each}.`,
    settings: settingRows(model),
    numbers: measureRows(model),
    facts: {
      settings,
      kernelsInUse: inUse(model),
      status: model.status,
      ...(history.length > 0 ? { last: history.at(-1) } : {}),
    },
    async figures() {
      return [
        ...(await historyFigure(
          history,
          { training: ({ energy }) => energy, 'held-out': ({ heldOutEnergy }) => heldOutEnergy },
          'Energy per observation while learning.',
        )),
        {
          svg: await atomUsage(usage),
          caption: 'How many coefficients each kernel had when the kernels last moved.',
          alt: 'Chart of the use of the kernels, from the most to the least used.',
        },
      ]
    },
  }
}

/** The kernels as a picture; undefined where they have too many channels to be one. */
function pictureOf({ kernels, usage, settings }: ConvolutionalSparseCodingModel): Picture | undefined {
  const { size, channels, nonNegativeKernels } = settings
  if (size.length === 1) return waveforms(kernels, { usage })
  // One channel is drawn as none.
  const shape = channels === 1 ? kernels.shape.slice(0, 3) : kernels.shape
  if (!isPictureShape(shape.slice(1))) return undefined
  return mosaic({ shape, data: kernels.data }, { usage, signed: !nonNegativeKernels })
}

function settingRows({ settings, transform }: ConvolutionalSparseCodingModel): [label: string, text: string][] {
  const { lambda, lambdaRatio, nonNegative, nonNegativeKernels, boundary, learning, input } = settings
  const steps = stepKinds(transform.config)
  const signs = [...(nonNegative ? ['codes'] : []), ...(nonNegativeKernels ? ['kernels'] : [])]
  return [
    ['learned from', settings.data],
    [
      'kernels',
      `${settings.kernels} of ${formatShape([...settings.size, ...(settings.channels ? [settings.channels] : [])])}`,
    ],
    ['λ', lambda === undefined ? `${lambdaRatio} of λmax` : String(lambda)],
    ['boundary', boundary],
    ...(signs.length === 0 ? [] : [['never negative', signs.join(' and ')] as [string, string]]),
    ['preprocessing', steps.length === 0 ? 'none' : steps.join(', ')],
    ['learned from crops', input.kind === 'crops' ? formatShape(input.crop) : 'no, whole'],
    ['update', Object.values(learning).join(', ')],
    ['seed', String(settings.seed)],
  ]
}

function measureRows(model: ConvolutionalSparseCodingModel): Row[] {
  const last = model.history.at(-1)
  const rows: Row[] = [['kernels in use', formatNumber(inUse(model)), `of ${formatNumber(model.settings.kernels)}`]]
  if (last === undefined) return rows
  const { energy, heldOutEnergy, active, activeShare, seen, seconds } = last
  rows.push(['energy per observation', formatNumber(energy), 'over the last batches of learning'])
  if (heldOutEnergy !== undefined) rows.push(['held-out energy per observation', formatNumber(heldOutEnergy)])
  rows.push(
    ['active coefficients per code', formatNumber(active, 3), `${formatShare(activeShare)} of it`],
    ['observations learned from', formatNumber(seen), 'repetitions counted'],
    ['seconds of learning', formatNumber(seconds, 3)],
  )
  return rows
}
