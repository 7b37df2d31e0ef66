import {
  formatNumber,
  formatShape,
  latentGrid,
  latentGridCodes,
  type Observations,
  type Picture,
  samples,
  type VariationalModel,
  type VariationalProgress,
} from '../../src/index.js'
import type { Measured, Portrait, Row } from '../models/model.js'
import type { SplitData } from './conditional.js'
import { historyFigure } from './historyFigure.js'
import { isPictureShape } from './pictures.js'
import { lineOf } from './progressLine.js'

export function progressLine(progress: VariationalProgress): string {
  const { energy, heldOutEnergy, reconstruction, spring, size } = progress
  return lineOf(progress, [
    ['energy', energy],
    ['held out', heldOutEnergy],
    ...(heldOutEnergy === undefined
      ? ([
          ['reconstruction', reconstruction],
          ['KL', spring + size],
        ] as const)
      : []),
  ])
}

/** Codes drawn for the likelihood. */
const SAMPLES = [1, 5, 50]

/** How well the finished model explains a sample. */
export async function vaeMeasured(
  model: VariationalModel,
  sample: Observations | SplitData,
  signal: AbortSignal,
): Promise<Measured> {
  const last = model.history.at(-1)
  const { reconstruction, kl, elbo, logLikelihood, activeUnits, meanNorm, observations } = await model.evaluate(
    sample,
    {
      samples: SAMPLES,
      signal,
    },
  )
  const heldOutEnergy = last?.heldOutEnergy
  const fields = {
    reconstruction,
    kl,
    elbo,
    logLikelihood: Object.fromEntries(logLikelihood.map(({ samples: count, value }) => [count, value])),
    ...(heldOutEnergy === undefined ? {} : { heldOutEnergy }),
    activeUnits: activeUnits.count,
    latent: model.settings.latent,
    meanNorm,
    sample: observations,
    observationsSeen: last?.seen ?? 0,
    seconds: last?.seconds ?? 0,
    status: model.status,
  }
  return {
    fields,
    rows: [
      [
        'reconstruction, −log p(y | z)',
        formatNumber(reconstruction),
        `nats, on ${formatNumber(observations)} observations`,
      ],
      ['KL term', formatNumber(kl)],
      ['ELBO', formatNumber(elbo)],
      ...logLikelihood.map(
        ({ samples: count, value }): Row => [`log-likelihood, ${count} samples`, formatNumber(value)],
      ),
      ...(heldOutEnergy === undefined
        ? []
        : [['held-out energy per observation', formatNumber(heldOutEnergy)] as const]),
      ['active units', formatNumber(activeUnits.count), `of ${formatNumber(fields.latent)}`],
      ['distance of codes from the origin', formatNumber(meanNorm, 3)],
      ['observations learned from', formatNumber(fields.observationsSeen)],
      ['seconds of learning', formatNumber(fields.seconds, 3)],
    ],
    ...(model.status === 'finished'
      ? {}
      : {
          failure:
            'Learning stopped because the energy was no finite number any more; lower the learning rate, or --clip gradients.',
        }),
  }
}

/** What `energia show` says of a variational auto-encoder. */
export async function vaePortrait(model: VariationalModel): Promise<Portrait> {
  const { settings, history } = model
  const { shapes, latent, data } = settings
  const plane = latent === 2
  return {
    title: `A variational auto-encoder with codes of ${latent}, learned from ${data}`,
    lead: `F = E[−log p(y | Dec(z))] + β(spring·½‖z̄‖² + size·½Σ(σ² − 1 − log σ²)) with z = z̄ + σε: codes are fuzzy balls on springs.`,
    heading: plane ? 'The plane of codes' : 'Samples',
    subject: 'Samples',
    picture: await pictureOf(model),
    ...(shapes.x ? { unpictured: 'Samples that explain a given x need one (energia sample --given)' } : {}),
    caption: plane
      ? 'What codes stand for, on a grid of equal steps of probability under N(0, 1).'
      : 'Observations decoded from codes drawn from N(0, 1).',
    alt: plane ? 'Grid of decoded codes.' : 'Mosaic of 64 samples.',
    settings: settingRows(model),
    numbers: measureRows(model),
    facts: { settings, status: model.status, ...(history.length > 0 ? { last: history.at(-1) } : {}) },
    figures: () =>
      historyFigure(
        history,
        { training: ({ energy }) => energy, 'held-out': ({ heldOutEnergy }) => heldOutEnergy },
        'Energy per observation while learning, in nats.',
      ),
  }
}

async function pictureOf(model: VariationalModel): Promise<Picture | undefined> {
  const { shapes, latent } = model.settings
  if (shapes.x || !isPictureShape(shapes.y)) return undefined
  if (latent === 2) return latentGrid(await model.decode(latentGridCodes()))
  return samples(await model.sample(64))
}

function settingRows({ settings }: VariationalModel): [label: string, text: string][] {
  const { shapes, networks, likelihood, beta, spring, ballSize, deviation, latent } = settings
  const sizes =
    networks.kind === 'modules'
      ? 'modules of its maker'
      : networks.kind === 'conv'
        ? `conv, ${networks.channels.join(', ')} maps, ${networks.hidden.join(', ')} units, ${networks.activation}`
        : `mlp, ${networks.encoder.join(', ')} and ${networks.decoder.join(', ')} units, ${networks.activation}`
  return [
    ['learned from', settings.data],
    ['observations', `${shapes.x ? `${formatShape(shapes.y)} given ${formatShape(shapes.x)}` : formatShape(shapes.y)}`],
    ['code', `${latent} numbers, σ ${deviation}`],
    ['networks', sizes],
    ['likelihood', likelihood.kind === 'gaussian' ? `gaussian, variance ${likelihood.variance}` : likelihood.kind],
    ['strengths', `β ${beta}, spring ${spring}, size ${ballSize}`],
    ['seed', String(settings.seed)],
  ]
}

function measureRows({ history, status }: VariationalModel): Row[] {
  const last = history.at(-1)
  if (last === undefined) return [['learning', status]]
  return [
    ['energy per observation', formatNumber(last.energy), 'over the last batches of learning'],
    ['of it, reconstruction', formatNumber(last.reconstruction)],
    ['KL term', formatNumber(last.spring + last.size)],
    ...(last.heldOutEnergy === undefined
      ? []
      : [['held-out energy per observation', formatNumber(last.heldOutEnergy)] as const]),
    ['distance of codes from the origin', formatNumber(last.meanNorm, 3)],
    ['observations learned from', formatNumber(last.seen), 'repetitions counted'],
    ['seconds of learning', formatNumber(last.seconds, 3)],
    ['learning', status],
  ]
}
