import {
  formatNumber,
  formatShape,
  type LatentVariableModel,
  type LatentVariableProgress,
  type Observations,
  samples,
} from '../../src/index.js'
import type { Measured, Portrait, Row } from '../models/model.js'
import type { SplitData } from './conditional.js'
import { historyFigure } from './historyFigure.js'
import { isPictureShape } from './pictures.js'
import { lineOf } from './progressLine.js'

export function progressLine(progress: LatentVariableProgress): string {
  const { energy, heldOutEnergy, cost } = progress
  return lineOf(progress, [
    ['energy', energy],
    ['held out', heldOutEnergy],
    ...(heldOutEnergy === undefined ? ([['cost', cost]] as const) : []),
  ])
}

const failures = {
  diverged: 'Learning stopped because the energy falls without bound; add a regularizer, or lower the learning rate.',
  nonFinite:
    'Learning stopped because the energy was no finite number any more; lower the learning rate, or clip gradients.',
} as const

/** What the finished model makes of a sample. */
export async function latentVariableMeasured(
  model: LatentVariableModel,
  sample: Observations | SplitData,
  signal: AbortSignal,
): Promise<Measured> {
  const { status, history } = model
  const last = history.at(-1)
  const found = await model.encode(sample, { signal })
  const count = found.energy.length
  const unsolved = found.status.filter((each) => each !== 'converged').length
  const heldOutEnergy = last?.heldOutEnergy
  const fields = {
    freeEnergy: found.energy.reduce((sum, value) => sum + value, 0) / count,
    ...(heldOutEnergy === undefined ? {} : { heldOutEnergy }),
    steps: found.steps.reduce((sum, value) => sum + value, 0) / count,
    converged: count - unsolved,
    sample: count,
    codeLength: model.definition.codeSize,
    observationsSeen: last?.seen ?? 0,
    seconds: last?.seconds ?? 0,
    status,
  }
  return {
    fields,
    rows: [
      ['free energy per observation', formatNumber(fields.freeEnergy), `on ${formatNumber(count)} observations`],
      ...(heldOutEnergy === undefined
        ? []
        : [['held-out energy per observation', formatNumber(heldOutEnergy)] as const]),
      ['steps of inference', formatNumber(fields.steps, 3)],
      ['observations learned from', formatNumber(fields.observationsSeen)],
      ['seconds of learning', formatNumber(fields.seconds, 3)],
    ],
    ...(unsolved === 0 || status !== 'finished'
      ? {}
      : {
          note: `${formatNumber(unsolved)} of ${formatNumber(count)} observations of the sample did not converge, and energia encode says why.`,
        }),
    ...(status === 'finished' ? {} : { failure: failures[status] }),
  }
}

/** What `energia show` says of a latent-variable model. */
export async function latentVariablePortrait(model: LatentVariableModel): Promise<Portrait> {
  const { definition, settings, history, status, keptCodes } = model
  const { xShape, yShape, codeSize } = definition
  const drawn = xShape === undefined && keptCodes !== undefined && isPictureShape(yShape)
  return {
    title: `An energy with codes of ${codeSize}, learned from ${settings.data}`,
    lead: 'E(x, y, z) = C(y, Dec(h, z)) + λR(z) + γ D(z, Enc(y, h)) with h = Pred(x): the code z of least energy explains y.',
    heading: 'Samples',
    subject: 'Samples',
    picture: drawn ? samples(await model.sample(64)) : undefined,
    ...(xShape ? { unpictured: 'Samples that explain a given x need one (energia sample --given)' } : {}),
    caption: 'Observations decoded from codes of training data.',
    alt: 'Mosaic of 64 samples.',
    settings: settingRows(model),
    numbers: measureRows(model),
    facts: { settings, status, ...(history.length > 0 ? { last: history.at(-1) } : {}) },
    figures: () =>
      historyFigure(
        history,
        { training: ({ energy }) => energy, 'held-out': ({ heldOutEnergy }) => heldOutEnergy },
        'Energy per observation while learning.',
      ),
  }
}

/** The kind of a part, or the name of one of somebody's own functions. */
function nameOf(part: { readonly kind: string; describe(): object }): string {
  const { name } = part.describe() as { name?: unknown } // what is somebody's own has one
  return part.kind === 'own' && typeof name === 'string' ? name : part.kind
}

function settingRows({ definition, settings }: LatentVariableModel): [label: string, text: string][] {
  const { xShape, yShape, zShape, predictor, decoder, cost, regularizer, encoder, gamma } = definition
  const strength = Object.entries(regularizer?.strength ?? {}).map(([name, value]) => `${name} ${value}`)
  return [
    ['learned from', settings.data],
    ['observations', xShape ? `${formatShape(yShape)} given ${formatShape(xShape)}` : formatShape(yShape)],
    ['code', formatShape(zShape)],
    ...(predictor ? [['predictor', nameOf(predictor)] as [string, string]] : []),
    ['decoder', nameOf(decoder)],
    ['cost', nameOf(cost)],
    ['regularizer', regularizer ? [nameOf(regularizer), ...strength].join(', ') : 'none'],
    ...(encoder ? [['encoder', `${nameOf(encoder)}, γ ${gamma}`] as [string, string]] : []),
    ['optimizer', settings.optimizer.kind],
    ['seed', String(settings.seed)],
    ...(settings.definition === undefined ? [] : [['defined in', settings.definition] as [string, string]]),
  ]
}

function measureRows({ history, status, definition }: LatentVariableModel): Row[] {
  const last = history.at(-1)
  if (last === undefined) return [['learning', status]]
  return [
    ['energy per observation', formatNumber(last.energy), 'over the last batches of learning'],
    ['of it, the cost C', formatNumber(last.cost)],
    ...(definition.regularizer ? [['of it, λR', formatNumber(last.regularizer)] as const] : []),
    ...(definition.encoder ? [['of it, γD', formatNumber(last.encoder)] as const] : []),
    ...(last.heldOutEnergy === undefined
      ? []
      : [['held-out energy per observation', formatNumber(last.heldOutEnergy)] as const]),
    ['observations learned from', formatNumber(last.seen), 'repetitions counted'],
    ['seconds of learning', formatNumber(last.seconds, 3)],
    ['learning', status],
  ]
}
