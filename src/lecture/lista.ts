import { photographs } from '../data/photographs.js'
import { lista as learnLista } from '../models/lista.js'
import type { AmortizedModel } from '../models/listaModel.js'
import { type CodeRacer, codeRace } from '../models/listaRace.js'
import { sparseCoding } from '../models/sparseCoding.js'
import { centre } from '../preprocess/centre.js'
import { patches } from '../preprocess/patches.js'
import { energyGapRace } from '../views/energyGapRace.js'
import { formatNumber } from '../views/formatNumber.js'
import type { ReportNumber } from '../views/report.js'
import {
  claim,
  firstBatch,
  type LectureRun,
  learned,
  mean,
  modelOptions,
  reducedTo,
  type SectionContext,
  type SectionResult,
} from './section.js'

const ATOMS = 100
const PATCH = 10
const LAMBDA = 0.05
const TRAINING = 12_000
const FULL_TRAINING = 60_000
const MEASURED = 500
/** K of each encoder; its codes are those of K + 1 steps. */
const STEPS = [0, 1, 3]
const TRAINING_STEPS = 1500
const FULL_TRAINING_STEPS = 15_000
/** The encoder whose codes are certified and refined. */
const KEPT = 3
const REFINED = 1e-6
const RACE = [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 64, 96, 128]

export const listaProgram = `import { centre, codeRace, energyGapRace, lista, patches, photographs, sparseCoding, toTensor } from 'energia'

const images = await photographs()
const take = (count, seed) => toTensor(patches(images, { size: ${PATCH}, count, seed }))
const coding = sparseCoding({ atoms: ${ATOMS}, lambda: ${LAMBDA}, patch: ${PATCH}, patchesPerEpoch: 5000, preprocess: [centre()] })
const dictionary = await coding.fit(images, { epochs: 6 })
const [training, observations] = [await take(${TRAINING}, 1), await take(${MEASURED}, 2)]
const fit = (steps) => lista({ dictionary, steps, target: 'energy', trainingSteps: ${TRAINING_STEPS} }).fit(training)
const models = [${STEPS.map((steps) => `await fit(${steps})`).join(', ')}]
const svg = await energyGapRace(await codeRace({ models, observations }))`

/** Systems 5 to 7 of the lecture: an encoder whose few steps are learned, against solvers that iterate. */
export async function lista(context: SectionContext): Promise<SectionResult> {
  const { seed, signal, say, full } = context
  const [patchCount, trainingSteps] = full ? [FULL_TRAINING, FULL_TRAINING_STEPS] : [TRAINING, TRAINING_STEPS]
  const images = await photographs()
  const coding = sparseCoding({
    atoms: ATOMS,
    lambda: LAMBDA,
    patch: PATCH,
    patchesPerEpoch: 5000,
    preprocess: [centre()],
    ...modelOptions(context),
  })
  const fitDictionary = (run: LectureRun) =>
    coding.fit(images, {
      epochs: 6,
      ...run,
      onProgress: ({ fraction }) => say('learning a dictionary', 0.1 * fraction),
    })
  const dictionary = await learned(context, 'sparse-coding', fitDictionary, 'dictionary')
  const take = (count: number, stream: number) =>
    firstBatch(patches(images, { size: PATCH, count, seed: 3 * seed + stream }), count)
  const training = await take(patchCount, 1)
  const observations = await take(MEASURED, 2)
  const models: AmortizedModel[] = []
  for (const [place, steps] of STEPS.entries()) {
    const encoder = learnLista({
      dictionary,
      steps,
      target: 'energy',
      trainingSteps,
      ...modelOptions(context),
    })
    const fit = (run: LectureRun) =>
      encoder.fit(training, {
        ...run,
        onProgress: ({ fraction }) =>
          say(`learning LISTA, K = ${steps}`, 0.15 + (0.7 * (place + fraction)) / STEPS.length),
      })
    models.push(await learned(context, 'lista', fit, steps))
  }
  say('racing', 0.88)
  const racers = await codeRace({
    models,
    observations,
    steps: RACE,
    ...(signal ? { signal } : {}),
    ...(context.threads === undefined ? {} : { threads: context.threads }),
  })
  const charts = { 'lista-race.svg': await energyGapRace(racers) }
  const kept = models[STEPS.indexOf(KEPT)]
  const guessed = await kept.encode(observations)
  const refined = await kept.encode(observations, { refine: REFINED })
  for (const model of models) model.dispose()
  dictionary.dispose()

  const encoders = racers.at(-1)!
  const worth = encoders.at.map((at, i) => ({ at, steps: asGoodAs(racerOf(racers, 'FISTA'), encoders.gap[i]) }))
  const about = claim(
    7,
    'LISTA finds a good code in a few steps, for which FISTA takes several times as many.',
    worth.every(({ at, steps }) => steps >= 2 * at),
    `${worth.map(({ at, steps }) => `${at} ${at === 1 ? 'step' : 'steps'} of LISTA ${at === 1 ? 'is' : 'are'} worth ${formatNumber(steps)} of FISTA`).join(', ')}, by energy.`,
  )
  const share = (values: Float64Array, of: Float64Array) => mean(values) / mean(of)
  const numbers: ReportNumber[] = [
    ...encoders.at.map((at, i) => ({
      label: `Energy gap of LISTA after ${at === 1 ? 'one step' : `${at} steps`}`,
      value: encoders.gap[i],
      note: `as FISTA after ${formatNumber(worth[i].steps)}; FISTA after ${at}: ${formatNumber(racerOf(racers, 'FISTA').gap[RACE.indexOf(at)], 3)}`,
    })),
    {
      label: `Certified gap of LISTA after ${KEPT + 1} steps`,
      value: share(guessed.gap!, guessed.energy),
      note: 'mean duality gap over mean energy: known without knowing the least energy',
    },
    {
      label: 'The same, refined by the exact solver',
      value: share(refined.gap!, refined.energy),
      note: 'it begins at LISTA’s codes and ends at the least energy',
    },
  ]
  return {
    pictures: {},
    charts,
    ...reducedTo(
      context,
      `${TRAINING_STEPS.toLocaleString('en')} steps of learning on ${TRAINING.toLocaleString('en')} patches, of ${FULL_TRAINING_STEPS.toLocaleString('en')} on ${FULL_TRAINING.toLocaleString('en')}.`,
    ),
    section: {
      heading: 'Learning to infer: LISTA',
      prose: [
        `z ← shrink(Wₑy + Sz, θ) is ISTA where Wₑ, S and θ come from the dictionary; LISTA learns them, here on ${patchCount.toLocaleString('en')} photograph patches of ${PATCH}×${PATCH} with ${ATOMS} atoms and λ = ${LAMBDA}, so that the energy after K steps is least. ${MEASURED} other patches are coded.`,
        'The more steps, the less there is to win: solvers go on to the least energy, where an encoder of a fixed number of steps ends. What it gives can be certified, and refined by a solver that begins there.',
      ],
      figures: [
        {
          svg: charts['lista-race.svg'],
          width: 'full',
          caption:
            'Mean energy above the least one, relative to it, after so many steps. Each dot of LISTA is an encoder of its own.',
          alt: 'Falling curves: ISTA slowest, then FISTA and coordinate descent; LISTA begins far below all and ends after 4 steps',
        },
      ],
      claims: [about],
      numbers,
      program: listaProgram,
    },
  }
}

const racerOf = (racers: readonly CodeRacer[], name: string) => racers.find((racer) => racer.name === name)!

/** After how many steps a solver's gap is at most this one, between its measurements by interpolation on log scales, to a tenth. */
function asGoodAs({ at, gap }: CodeRacer, reached: number): number {
  const next = gap.findIndex((value) => value <= reached)
  if (next < 0) return at[at.length - 1]
  if (next === 0) return at[0]
  const share = Math.log(gap[next - 1] / reached) / Math.log(gap[next - 1] / Math.max(gap[next], Number.MIN_VALUE))
  return Math.round(10 * (at[next - 1] + share * (at[next] - at[next - 1]))) / 10
}
