import type { Tensor } from '../../src/index.js'

/** A convolutional problem, all of it dense; nothing is clever here. */
export interface TwinProblem {
  readonly observation: Tensor
  readonly kernels: Tensor
  readonly spatial: 1 | 2
  readonly boundary: 'valid' | 'same' | 'circular'
  readonly lambda: number
  readonly nonNegative?: boolean
  readonly mask?: Tensor
  readonly mapWeights?: ArrayLike<number>
  readonly positionWeights?: Tensor
}

/** The dense matrix whose columns are what each coefficient writes: rows are numbers of the observation, zero where missing. */
export function columnsOf(problem: TwinProblem): Float64Array[] {
  const { observation, kernels, spatial, boundary, mask } = problem
  const [h, w] = spatial === 1 ? [1, observation.shape[0]] : observation.shape
  const [kh, kw] = spatial === 1 ? [1, kernels.shape[1]] : kernels.shape.slice(1)
  const channels = observation.shape.length > spatial ? observation.shape[spatial] : 1
  const mapHeight = boundary === 'valid' ? h - kh + 1 : h
  const mapWidth = boundary === 'valid' ? w - kw + 1 : w
  const top = boundary === 'same' ? Math.floor((kh - 1) / 2) : 0
  const left = boundary === 'same' ? Math.floor((kw - 1) / 2) : 0
  const columns: Float64Array[] = []
  for (let i = 0; i < kernels.shape[0]; i++) {
    for (let y = 0; y < mapHeight; y++) {
      for (let x = 0; x < mapWidth; x++) {
        const column = new Float64Array(h * w * channels)
        for (let dy = 0; dy < kh; dy++) {
          for (let dx = 0; dx < kw; dx++) {
            let row = y + dy - top
            let across = x + dx - left
            if (boundary === 'circular') {
              row %= h
              across %= w
            }
            if (row < 0 || row >= h || across < 0 || across >= w) continue
            for (let c = 0; c < channels; c++) {
              const place = (row * w + across) * channels + c
              const seen = mask ? mask.data[mask.data.length === h * w ? row * w + across : place] : 1
              if (seen) column[place] += kernels.data[((i * kh + dy) * kw + dx) * channels + c]
            }
          }
        }
        columns.push(column)
      }
    }
  }
  return columns
}

/** Energy, dual bound and residual correlations of a dense code, straight from the definitions. */
export function measureTwin(problem: TwinProblem, columns: Float64Array[], z: ArrayLike<number>) {
  const { lambda, nonNegative = false } = problem
  const y = observed(problem)
  const residual = Float64Array.from(y)
  columns.forEach((column, j) => {
    if (z[j] !== 0) for (let p = 0; p < y.length; p++) residual[p] -= z[j] * column[p]
  })
  let energy = 0
  let squares = 0
  let agreement = 0
  for (let p = 0; p < y.length; p++) {
    squares += residual[p] ** 2
    agreement += residual[p] * y[p]
  }
  let level = 1
  columns.forEach((column, j) => {
    let pull = 0
    for (let p = 0; p < y.length; p++) pull += column[p] * residual[p]
    const threshold = lambda * weight(problem, columns.length, j)
    energy += threshold * Math.abs(z[j])
    level = Math.max(level, (nonNegative ? pull : Math.abs(pull)) / threshold)
  })
  energy += squares / 2
  return { energy, dual: agreement / level - squares / (2 * level * level) }
}

/** The optimum by cyclic coordinate descent in double precision. */
export function solveTwin(problem: TwinProblem, sweeps = 3000): { energy: number; z: Float64Array } {
  const columns = columnsOf(problem)
  const { lambda, nonNegative = false } = problem
  const residual = observed(problem)
  const z = new Float64Array(columns.length)
  const norms = columns.map((column) => column.reduce((sum, value) => sum + value * value, 0))
  for (let sweep = 0; sweep < sweeps; sweep++) {
    let moved = 0
    columns.forEach((column, j) => {
      if (norms[j] === 0) return
      let pull = norms[j] * z[j]
      for (let p = 0; p < residual.length; p++) pull += column[p] * residual[p]
      const threshold = lambda * weight(problem, columns.length, j)
      const size = Math.max(0, Math.abs(pull) - threshold) / norms[j]
      const value = nonNegative && pull < 0 ? 0 : Math.sign(pull) * size
      const change = value - z[j]
      if (change === 0) return
      for (let p = 0; p < residual.length; p++) residual[p] -= change * column[p]
      z[j] = value
      moved = Math.max(moved, Math.abs(change))
    })
    if (moved < 1e-12) break
  }
  return { energy: measureTwin(problem, columns, z).energy, z }
}

function observed({ observation, mask }: TwinProblem): Float64Array {
  const each = mask ? observation.data.length / mask.data.length : 1
  return Float64Array.from(observation.data, (value, p) => (mask && mask.data[Math.floor(p / each)] === 0 ? 0 : value))
}

function weight({ kernels, mapWeights, positionWeights }: TwinProblem, size: number, j: number): number {
  const positions = size / kernels.shape[0]
  return (mapWeights?.[Math.floor(j / positions)] ?? 1) * (positionWeights?.data[j % positionWeights.data.length] ?? 1)
}
