import {
  type AmortizedModel,
  type EncoderProgress,
  type FitProgress,
  formatNumber,
  formatShape,
  mosaic,
  type Picture,
  type Tensor,
  toDense,
} from '../../src/index.js'
import type { Measured, Portrait, Row } from '../models/model.js'
import { historyFigure } from './historyFigure.js'
import { isPictureShape } from './pictures.js'
import { lineOf } from './progressLine.js'
import { stepKinds } from './stepKinds.js'

export function progressLine(progress: EncoderProgress): string {
  const { loss, squaredError, energyGap } = progress
  return lineOf(progress, [
    ['loss', loss],
    ['held-out gap', energyGap],
    ['error', squaredError],
  ])
}

/** While a dictionary is learned for the encoder. */
export const dictionaryLine = (progress: FitProgress): string =>
  lineOf(progress, [['energy of the dictionary', progress.energy]])

/** Relative gap to which codes are found that an encoder's are compared with. */
const EXACT = 1e-6

/** How the finished encoder's codes of a sample compare with those of least energy. */
export async function encoderMeasured(model: AmortizedModel, sample: Tensor, signal: AbortSignal): Promise<Measured> {
  const last = model.history.at(-1)
  const found = await model.encode(sample, { signal })
  const best = await model.encode(sample, { signal, refine: EXACT })
  const [codes, optimal] = [toDense(found.codes).data, toDense(best.codes).data]
  const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length
  const fields = {
    energy: mean(found.energy),
    leastEnergy: mean(best.energy),
    squaredError: codes.reduce((sum, value, i) => sum + (value - optimal[i]) ** 2, 0) / codes.length,
    active: found.codes.indices.length / found.codes.shape[0],
    sample: found.energy.length,
    atoms: model.settings.atoms,
    steps: last?.step ?? 0,
    observationsSeen: last?.seen ?? 0,
    seconds: last?.seconds ?? 0,
    status: model.status,
  }
  return {
    fields,
    rows: [
      ['energy of predicted codes', formatNumber(fields.energy), `on ${formatNumber(fields.sample)} observations`],
      ['least energy', formatNumber(fields.leastEnergy)],
      ['squared error of codes', formatNumber(fields.squaredError, 3)],
      ['active coefficients per code', formatNumber(fields.active, 3)],
      ['observations learned from', formatNumber(fields.observationsSeen)],
      ['seconds of learning', formatNumber(fields.seconds, 3)],
    ],
    ...(model.status === 'finished'
      ? {}
      : { failure: 'Learning stopped because the loss was no finite number any more; lower the learning rate.' }),
  }
}

/** What `energia show` says of an encoder and its dictionary. */
export async function encoderPortrait(model: AmortizedModel): Promise<Portrait> {
  const { settings, history, atoms } = model
  const joint = settings.objective.kind === 'joint'
  return {
    title: `An encoder for ${formatNumber(settings.atoms)} atoms, learned from ${settings.data}`,
    lead: joint
      ? 'Predictive sparse decomposition, E(y, z) = ½‖y − Wz‖² + λ‖z‖₁ + ½γ‖z − Enc(y)‖²: dictionary and encoder learned together.'
      : 'An encoder that predicts the codes of E(y, z) = ½‖y − Wz‖² + λ‖z‖₁ in a fixed number of steps.',
    heading: 'Dictionary',
    subject: 'Atoms',
    picture: isPictureShape(settings.observation) ? mosaic(atoms) : undefined,
    caption: 'The atoms; zero is mid-grey, each atom is scaled by itself.',
    alt: `Mosaic of ${settings.atoms} atoms.`,
    settings: settingRows(model),
    numbers: measureRows(model),
    facts: { settings, status: model.status, ...(history.length > 0 ? { last: history.at(-1) } : {}) },
    async figures() {
      const filters = filtersOf(model)
      return [
        ...(filters
          ? [
              {
                picture: filters,
                caption: 'The encoder’s filters, rows of Wₑ, in the order of the atoms.',
                alt: 'Mosaic.',
              },
            ]
          : []),
        ...(await historyFigure(history, { training: ({ loss }) => loss }, 'Loss per observation while learning.')),
      ]
    },
  }
}

/** The encoder's first matrix as a mosaic; undefined where its rows are no pictures. */
function filtersOf({ parameters, settings }: AmortizedModel): Picture | undefined {
  const weight = parameters.weight ?? parameters['0.weight']
  if (!weight || !isPictureShape(settings.observation)) return undefined
  return mosaic({ shape: [settings.atoms, ...settings.observation], data: weight.data })
}

const aims = { codes: 'the codes of least energy', energy: 'codes of low energy' } as const

function settingRows({ settings }: AmortizedModel): [label: string, text: string][] {
  const { encoder, objective, input, preprocess } = settings
  const { kind, steps, tied } = encoder
  const form = [kind, ...(typeof steps === 'number' ? [`${steps} steps`, tied ? 'tied' : 'untied'] : [])]
  const kinds = [...(input.kind === 'images' ? stepKinds(input.transform) : []), ...stepKinds(preprocess)]
  return [
    ['learned from', settings.data],
    ['observations', formatShape(settings.observation)],
    ['encoder', form.join(', ')],
    ['learns', objective.kind === 'joint' ? `dictionary and encoder, γ ${objective.gamma}` : aims[objective.kind]],
    ['λ', String(settings.lambda)],
    ['dictionary', settings.dictionary],
    ['preprocessing', kinds.length === 0 ? 'none' : kinds.join(', ')],
    ['seed', String(settings.seed)],
  ]
}

function measureRows({ history, status }: AmortizedModel): Row[] {
  const last = history.at(-1)
  if (last === undefined) return [['learning', status]]
  const compared = history.findLast(({ squaredError }) => squaredError !== undefined)
  return [
    ['loss per observation', formatNumber(last.loss), 'over the last batches of learning'],
    ...(compared?.squaredError === undefined || compared.energyGap === undefined
      ? []
      : [
          ['squared error of held-out codes', formatNumber(compared.squaredError, 3)] as const,
          ['energy gap of held-out codes', formatNumber(compared.energyGap, 3)] as const,
        ]),
    ['steps of learning', formatNumber(last.step)],
    ['seconds of learning', formatNumber(last.seconds, 3)],
    ['learning', status],
  ]
}
