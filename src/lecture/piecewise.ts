import { digits } from '../data/digits.js'
import { sparsity } from '../diagnostics/sparsity.js'
import { l1 } from '../energy/regularizers/l1.js'
import { type Codes, toDense } from '../inference/codes.js'
import { linearEncoder } from '../inference/linear/linearEncoder.js'
import { rows, type Tensor, takeRows } from '../tensor/tensor.js'
import { codeRegions, piecesOf } from '../views/codeRegions.js'
import { codesAlongPath } from '../views/codesAlongPath.js'
import { formatNumber } from '../views/formatNumber.js'
import { landscapeGrid } from '../views/landscape.js'
import type { ReportNumber } from '../views/report.js'
import { claim, type SectionContext, type SectionResult } from './section.js'

/** Atoms of the plane: directions in degrees. */
const DIRECTIONS = [8, 47, 80, 120, 155]
const PLANE_LAMBDA = 0.25
const SIDE = 241
const ATOMS = 256
const LAMBDA = 8
/** Digits that are coded. */
const CODED = 1000
/** Two digits of different classes, and the places on the way from one to the other. */
const FROM = 9003
const TO = 9017
const PLACES = 801
/** What single precision leaves of a straight line. */
const STRAIGHT = 1e-4

export const piecewiseProgram = `import { codesAlongPath, digits, l1, linearEncoder, rows } from 'energia'

const { observations } = await digits()
const [a, b] = [${FROM}, ${TO}].map((i) => rows(observations, i, i + 1).data)
const atoms = rows(observations, 0, ${ATOMS})
const encoder = await linearEncoder({ atoms, regularizer: l1({ lambda: ${LAMBDA} }) })
const path = Array.from({ length: ${PLACES} }, (_, i) => i / ${PLACES - 1}).map((t) => a.map((value, p) => value + t * (b[p] - value)))
const y = { shape: [${PLACES}, 28, 28], data: Float32Array.from(path.flatMap((each) => [...each])) }
const { codes } = await encoder.encode(y, { tolerance: 1e-9 })
const svg = await codesAlongPath(codes)`

/** System 3 of the lecture: a code is linear in y piece by piece, and each piece uses few of the atoms. */
export async function piecewise(context: SectionContext): Promise<SectionResult> {
  const { observations } = await digits()
  const threads = context.threads === undefined ? {} : { threads: context.threads }
  const search = { tolerance: 1e-9, ...(context.signal ? { signal: context.signal } : {}) }
  context.say('pieces of the plane', 0)
  const angles = DIRECTIONS.map((degrees) => (degrees * Math.PI) / 180)
  const plane = await linearEncoder({
    atoms: {
      shape: [angles.length, 2],
      data: Float32Array.from(angles.flatMap((angle) => [Math.cos(angle), Math.sin(angle)])),
    },
    regularizer: l1({ lambda: PLANE_LAMBDA }),
    ...threads,
  })
  const grid = await plane.encode(landscapeGrid({ x: [-1.5, 1.5], side: SIDE }), search)
  plane.dispose()

  context.say('coding digits', 0.4)
  const atoms = rows(observations, 0, ATOMS)
  const encoder = await linearEncoder({ atoms, regularizer: l1({ lambda: LAMBDA }), ...threads })
  const coded = await encoder.encode(rows(observations, 9000, 9000 + CODED), search)
  const path = await encoder.encode(between(observations, FROM, TO, PLACES), search)
  encoder.dispose()
  const active = sparsity(coded.codes)
  const most = Math.max(...Array.from({ length: CODED }, (_, i) => coded.codes.indptr[i + 1] - coded.codes.indptr[i]))
  const pieces = new Set(piecesOf(coded.codes)).size
  const { bend, kink, count } = straightness(path.codes)
  const pictures = { 'piecewise-plane.png': codeRegions(grid.codes) }
  const charts = { 'piecewise-path.svg': await codesAlongPath(path.codes, { title: 'From one digit to another' }) }
  const numbers: ReportNumber[] = [
    { label: 'Active atoms a digit', value: active.meanActive, note: `of ${ATOMS}, at most ${most}` },
    {
      label: 'Pieces that digits lie on',
      value: pieces,
      note: `of ${CODED.toLocaleString('en')} digits: hardly two share one`,
    },
    { label: 'Pieces on the path', value: count, note: `in ${PLACES - 1} steps from one digit to another` },
    {
      label: 'Largest bend within a piece',
      value: bend,
      note: `of coefficients, relative to the largest one; ${formatNumber(kink, 2)} between pieces`,
    },
    {
      label: 'Pieces of the plane',
      value: new Set(piecesOf(grid.codes)).size,
      note: `with ${DIRECTIONS.length} atoms`,
    },
  ]
  return {
    pictures,
    charts,
    section: {
      heading: 'Data as a piecewise linear function',
      prose: [
        `E(y, z) = ½‖y − Wz‖² + λ‖z‖₁. As long as the same atoms are active with the same signs, the best code is linear in y: z = (WₛᵀWₛ)⁻¹(Wₛᵀy − λ sign z) on those atoms, 0 elsewhere. Where an atom joins or leaves, another piece begins.`,
        `The plane is coded over ${DIRECTIONS.length} atoms, λ = ${PLANE_LAMBDA}; digits over ${ATOMS} others as they are, λ = ${LAMBDA}.`,
      ],
      claims: [
        claim(
          3,
          'Sparse coding describes data by pieces, on each of which it is linear and uses m ≪ n atoms.',
          bend < STRAIGHT && kink > 10 * bend && active.meanActive < 0.1 * ATOMS,
          `a digit uses ${formatNumber(active.meanActive, 3)} of ${ATOMS} atoms; on a straight path between two digits there are ${count} pieces, within which coefficients bend by at most ${formatNumber(bend, 1)} of the largest.`,
        ),
      ],
      figures: [
        {
          picture: pictures['piecewise-plane.png'],
          width: 'half',
          caption: `Pieces of the plane: on the white one in the middle no atom is active, on the light ones one, on the darker ones two.`,
          alt: 'A plane cut by straight lines: a polygon in the middle, strips that leave its sides, and wedges between the strips',
        },
        {
          svg: charts['piecewise-path.svg'],
          caption: 'Coefficients on the straight way from one digit to another.',
          alt: 'Lines made of straight pieces, most of them zero over a part of the way',
        },
      ],
      numbers,
      program: piecewiseProgram,
    },
  }
}

/** Observations at equal steps from one to another, both included. */
function between({ shape, data }: Tensor, from: number, to: number, places: number): Tensor {
  const size = data.length / shape[0]
  const path = takeRows({ shape, data }, Array<number>(places).fill(from))
  for (let i = 0; i < places; i++) {
    for (let p = 0; p < size; p++) {
      path.data[i * size + p] += (i / (places - 1)) * (data[to * size + p] - data[from * size + p])
    }
  }
  return path
}

/** How far codes at equal steps are from the middle of their neighbours: within pieces, between them, and how many pieces there are. */
function straightness(codes: Codes): { readonly bend: number; readonly kink: number; readonly count: number } {
  const pieces = piecesOf(codes)
  const { shape, data } = toDense(codes)
  const [places, atoms] = shape
  const largest = data.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  let [bend, kink, count] = [0, 0, 1]
  for (let i = 1; i < places; i++) {
    if (pieces[i] !== pieces[i - 1]) count++
    if (i + 1 === places) break
    const within = pieces[i - 1] === pieces[i] && pieces[i] === pieces[i + 1]
    for (let j = 0; j < atoms; j++) {
      const at = i * atoms + j
      const off = Math.abs(data[at] - (data[at - atoms] + data[at + atoms]) / 2) / largest
      if (within) bend = Math.max(bend, off)
      else kink = Math.max(kink, off)
    }
  }
  return { bend, kink, count }
}
