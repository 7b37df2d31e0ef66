import { photographs } from '../data/photographs.js'
import { squaredError } from '../energy/costs/squaredError.js'
import { linear } from '../energy/modules/linear.js'
import { l1 } from '../energy/regularizers/l1.js'
import { gradient } from '../learning/dictionaryUpdate.js'
import { sgd } from '../learning/optimizers/sgd.js'
import { latentVariableModel } from '../models/latentVariable.js'
import { sparseCoding } from '../models/sparseCoding.js'
import { centre } from '../preprocess/centre.js'
import { patches } from '../preprocess/patches.js'
import { pipeline } from '../preprocess/pipeline.js'
import type { Tensor } from '../tensor/tensor.js'
import { codeNormOverTime } from '../views/codeNormOverTime.js'
import { formatNumber } from '../views/formatNumber.js'
import { mosaic } from '../views/mosaic.js'
import type { ReportNumber } from '../views/report.js'
import {
  claim,
  firstBatch,
  type LectureRun,
  learned,
  mean,
  type SectionContext,
  type SectionResult,
} from './section.js'

const ATOMS = 64
const PATCH = 8
const LAMBDA = 0.1
const PATCHES = 1000
/** Passes after which W and z are measured. */
const PASSES = [1, 2, 4, 8, 16]
const RATE = 40

export const normalizationProgram = `import { centre, l1, latentVariableModel, linear, patches, photographs, pipeline, preprocessed, sgd, squaredError } from 'energia'

const raw = patches(await photographs(), { size: ${PATCH}, count: ${PATCHES}, seed: 1 })
const source = preprocessed(raw, await pipeline([centre()]).fit(raw))
for (const normalizeDecoder of [true, false]) {
  const model = await latentVariableModel({
    shapes: { y: [${PATCH}, ${PATCH}], z: ${ATOMS} }, decoder: linear({ inputs: ${ATOMS}, outputs: [${PATCH}, ${PATCH}], bias: false }), cost: squaredError(),
    regularizer: l1({ lambda: ${LAMBDA} }), normalizeDecoder, optimizer: sgd({ learningRate: ${RATE} }), batchSize: 100,
  }).fit(source, { epochs: ${PASSES.at(-1)} })
  console.log(normalizeDecoder, Math.hypot(...model.parameters['decoder.weight'].data), (await model.encode(source)).codes.values)
}`

/** System 4 of the lecture: what W and z do without normalization, and with it. */
export async function normalization(context: SectionContext): Promise<SectionResult> {
  const source = patches(await photographs(), { size: PATCH, count: PATCHES, seed: 1 + context.seed })
  const raw = await firstBatch(source, PATCHES)
  const training = (await pipeline([centre()]).fit(source)).apply(raw).output
  const found: Measured[] = []
  for (const [place, normalized] of [true, false].entries()) {
    for (const [at, epochs] of PASSES.entries()) {
      context.say(
        `${normalized ? 'with' : 'without'} normalization, ${epochs} passes`,
        (place + at / PASSES.length) / 2.2,
      )
      const definition = latentVariableModel({
        shapes: { y: [PATCH, PATCH], z: ATOMS },
        decoder: linear({ inputs: ATOMS, outputs: [PATCH, PATCH], bias: false }),
        cost: squaredError(),
        regularizer: l1({ lambda: LAMBDA }),
        normalizeDecoder: normalized,
        optimizer: sgd({ learningRate: RATE }),
        batchSize: 100,
        seed: context.seed,
        runtime: { threads: 1 }, // its products are too small to share
      })
      const fit = (run: LectureRun) => definition.fit(training, { epochs, ...run })
      const model = await learned(context, 'latent-variable', fit, `${normalized ? 'with' : 'without'}-${epochs}`)
      const { codes } = await model.encode(training, { maxSteps: 200, tolerance: 1e-4 })
      const size = codes.values.reduce((sum, value) => sum + Math.abs(value), 0)
      const atoms = columnsOf(model.parameters['decoder.weight'])
      found.push({ normalized, norm: mean(normsOf(atoms)), code: size / PATCHES, atoms })
      model.dispose()
    }
  }
  context.say('with the sum of norms held', 0.95)
  const sums = sparseCoding({
    atoms: ATOMS,
    lambda: LAMBDA,
    update: gradient({ normalization: 'sum-of-norms' }),
    batchSize: 100,
    seed: context.seed,
  })
  const bySum = await learned(
    context,
    'sparse-coding',
    (run) => sums.fit(training, { epochs: PASSES.at(-1)!, ...run }),
    'sum',
  )
  const sumNorms = normsOf(bySum.atoms)
  bySum.dispose()
  const [held, free] = [found.filter(({ normalized }) => normalized), found.filter(({ normalized }) => !normalized)]
  const pictures = { 'normalization-without.png': mosaic(free.at(-1)!.atoms, { border: 0 }) }
  const charts = {
    'normalization.svg': await codeNormOverTime(
      [
        { name: '‖w‖ without', at: PASSES, norm: free.map(({ norm }) => norm) },
        { name: '‖w‖ with', at: PASSES, norm: held.map(({ norm }) => norm) },
        { name: '‖z‖₁ without', at: PASSES, norm: free.map(({ code }) => code) },
        { name: '‖z‖₁ with', at: PASSES, norm: held.map(({ code }) => code) },
      ],
      { unit: 'passes through the patches', title: 'Norms of atoms and of codes', measure: 'mean ‖w‖ and ‖z‖₁' },
    ),
  }
  const [first, last, kept] = [free[0], free.at(-1)!, held.at(-1)!]
  const numbers: ReportNumber[] = [
    {
      label: 'Mean norm of atoms, without',
      value: last.norm,
      note: `${formatNumber(first.norm, 3)} after the first pass`,
    },
    { label: 'Mean ‖z‖₁, without', value: last.code, note: `${formatNumber(first.code, 3)} after the first pass` },
    { label: 'Mean ‖z‖₁, with', value: kept.code, note: `${formatNumber(held[0].code, 3)} after the first pass` },
    {
      label: 'Norms of atoms where their sum is held',
      value: `${formatNumber(Math.min(...sumNorms), 2)} to ${formatNumber(Math.max(...sumNorms), 3)}`,
      note: 'as the notes print it: single atoms can still grow and vanish',
    },
  ]
  return {
    pictures,
    charts,
    section: {
      heading: 'Why atoms are normalized',
      prose: [
        `E(y, z) = ½‖y − Wz‖² + λ‖z‖₁ does not change its first term where W grows and z shrinks by one factor, and the second falls. So each step of learning, W ← W + η(y − Wz)zᵀ, lengthens W a little. ${PATCHES.toLocaleString('en')} patches of ${PATCH}×${PATCH}, ${ATOMS} atoms, λ = ${LAMBDA}, ${PASSES.at(-1)} passes with η = ${RATE}, with each atom brought back to norm 1 after a step and without.`,
      ],
      claims: [
        claim(
          4,
          'Without normalization after each learning step W diverges and z vanishes; with it neither does.',
          last.norm > 1.5 * first.norm && last.code < 0.8 * first.code && kept.code > 0.8 * held[0].code,
          `from pass 1 to ${PASSES.at(-1)} the norm of atoms goes from ${formatNumber(first.norm, 3)} to ${formatNumber(last.norm, 3)} and ‖z‖₁ from ${formatNumber(first.code, 3)} to ${formatNumber(last.code, 3)} without it; with it the norm is 1 and ‖z‖₁ goes from ${formatNumber(held[0].code, 3)} to ${formatNumber(kept.code, 3)}.`,
        ),
      ],
      figures: [
        {
          svg: charts['normalization.svg'],
          width: 'full',
          caption: 'Norms of atoms and of codes while learning, with normalization and without.',
          alt: 'Four curves: without normalization atoms grow and codes shrink, with it both stay',
        },
        {
          picture: pictures['normalization-without.png'],
          width: 'half',
          caption: 'Atoms without normalization, each at its own scale: they look like others, and are longer.',
          alt: `A mosaic of ${ATOMS} small pictures of noisy edges and bars`,
        },
      ],
      numbers,
      program: normalizationProgram,
    },
  }
}

interface Measured {
  readonly normalized: boolean
  /** Mean norm of atoms, and mean ‖z‖₁. */
  readonly norm: number
  readonly code: number
  readonly atoms: Tensor
}

/** The columns of W [m, k] as atoms [k, h, w]. */
function columnsOf({ shape: [size, count], data }: Tensor): Tensor {
  const columns = new Float32Array(data.length)
  for (let p = 0; p < size; p++) for (let j = 0; j < count; j++) columns[j * size + p] = data[p * count + j]
  return { shape: [count, PATCH, PATCH], data: columns }
}

/** The norm of each atom [k, …]. */
function normsOf({ shape: [count], data }: Tensor): number[] {
  const size = data.length / count
  return Array.from({ length: count }, (_, j) =>
    Math.sqrt(data.subarray(j * size, (j + 1) * size).reduce((sum, value) => sum + value * value, 0)),
  )
}
