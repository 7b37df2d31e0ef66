import { describe, expect, it } from 'vitest'
import { l1 } from '../../src/energy/regularizers/l1.js'
import { l2 } from '../../src/energy/regularizers/l2.js'
import { topK } from '../../src/energy/regularizers/topK.js'
import { fromDense, toDense } from '../../src/inference/codes.js'
import { explain, statuses } from '../../src/inference/inference.js'
import { decode } from '../../src/inference/linear/decode.js'
import { linearEncoder } from '../../src/inference/linear/linearEncoder.js'
import type { SolverName } from '../../src/inference/linear/solvers.js'
import { sparseCoding } from '../../src/models/sparseCoding.js'
import { CancelledError, ConfigurationError, DataError, ShapeError } from '../../src/tensor/errors.js'
import { expectCertified } from './certificate.js'
import { dictionaries, mixedObservations, normalBatch, rng } from './problems.js'

const random = rng(61)
const atoms = dictionaries.positive(random, 30, 20)
const observations = mixedObservations(random, atoms, 20)
const regularizer = l1({ lambda: 0.01 })
const solvers: readonly SolverName[] = ['active-set', 'coordinate-descent', 'fista', 'ista']

async function encoderOf(threads = 2) {
  return linearEncoder({ atoms, regularizer, threads })
}

describe('budgets', () => {
  it('end a solver early, with a certificate of where it stands', async () => {
    const encoder = await encoderOf()
    for (const solver of solvers) {
      for (const maxSteps of [0, 1, 2, 7]) {
        const found = await encoder.encode(observations, { solver, maxSteps, tolerance: 1e-12 })
        expectCertified({ atoms, observations, regularizer }, found)
        expect(Math.max(...found.steps)).toBeLessThanOrEqual(maxSteps)
        if (maxSteps === 0) expect(found.status).toContain('maxSteps')
      }
    }
    encoder.dispose()
  })

  it('of no seconds leave every observation as it was', async () => {
    const encoder = await encoderOf()
    const start = fromDense(normalBatch(rng(5), 20, 30, 0.1))
    for (const solver of solvers) {
      const cold = await encoder.encode(observations, { solver, seconds: 0 })
      expect(cold.codes.values.length).toBe(0)
      for (const [i, status] of cold.status.entries()) {
        const zero = observations.data.subarray(i * 20, (i + 1) * 20).every((value) => value === 0)
        expect(status, solver).toBe(zero ? 'converged' : 'timeBudget')
      }
      const warm = await encoder.encode(observations, { solver, seconds: 0, warmStart: start, tolerance: 1e-12 })
      expectCertified({ atoms, observations, regularizer }, warm)
    }
    encoder.dispose()
  })

  it('are refused where they are none', async () => {
    const encoder = await encoderOf()
    for (const maxSteps of [-1, 1.5, Number.NaN, 2 ** 40]) {
      await expect(encoder.encode(observations, { maxSteps })).rejects.toThrow(/maxSteps.*whole number/)
    }
    for (const tolerance of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
      await expect(encoder.encode(observations, { tolerance })).rejects.toThrow(/tolerance.*0 or more/)
    }
    for (const seconds of [-1, Number.NaN]) {
      await expect(encoder.encode(observations, { seconds })).rejects.toThrow(ConfigurationError)
    }
    encoder.dispose()
  })
})

describe('observations that are not finite', () => {
  it('are named, and harm no other', async () => {
    const spoilt = { shape: observations.shape, data: observations.data.slice() }
    spoilt.data[3 * 20 + 7] = Number.NaN
    spoilt.data[8 * 20] = Number.POSITIVE_INFINITY
    spoilt.data[19 * 20 + 19] = Number.NEGATIVE_INFINITY
    for (const threads of [1, 2]) {
      const encoder = await encoderOf(threads)
      for (const solver of solvers) {
        const clean = await encoder.encode(observations, { solver })
        const found = await encoder.encode(spoilt, { solver })
        const [before, after] = [toDense(clean.codes).data, toDense(found.codes).data]
        for (let i = 0; i < 20; i++) {
          const code = after.subarray(i * 30, (i + 1) * 30)
          if ([3, 8, 19].includes(i)) {
            expect(found.status[i]).toBe('nonFinite')
            expect(found.energy[i]).toBeNaN()
            expect(code.every((value) => value === 0)).toBe(true)
          } else {
            expect(found.status[i]).toBe(clean.status[i])
            expect(found.energy[i]).toBe(clean.energy[i])
            expect([...code]).toEqual([...before.subarray(i * 30, (i + 1) * 30)])
          }
        }
      }
      encoder.dispose()
    }
  })
})

describe('warm starts', () => {
  it('that are no codes of these observations are refused', async () => {
    const encoder = await encoderOf()
    const codes = (await encoder.encode(observations)).codes
    const attempts = {
      'fewer rows': { ...codes, shape: [19, 30] as const },
      'other atoms': { ...codes, shape: [20, 31] as const },
      'an atom that is not there': { ...codes, indices: codes.indices.map(() => 30) },
      'a negative atom': { ...codes, indices: codes.indices.map(() => -1) },
      'an atom twice': { ...codes, indices: codes.indices.map(() => 3) },
      NaN: { ...codes, values: codes.values.map(() => Number.NaN) },
      'an infinite value': { ...codes, values: codes.values.map(() => Number.POSITIVE_INFINITY) },
      'rows that run backwards': { ...codes, indptr: codes.indptr.map((_, i, all) => all[all.length - 1 - i]) },
      'rows beyond the values': { ...codes, indptr: codes.indptr.map((at) => 2 * at) },
      'missing rows': { ...codes, indptr: codes.indptr.slice(0, 5) },
    }
    for (const [name, warmStart] of Object.entries(attempts)) {
      for (const solver of solvers) {
        await expect(encoder.encode(observations, { warmStart, solver }), name).rejects.toThrow(/start/i)
      }
    }
    // And nothing has been harmed.
    expect([...(await encoder.encode(observations)).codes.values]).toEqual([...codes.values])
    encoder.dispose()
  })
})

describe('work in progress', () => {
  it('can be cancelled, and the encoder serves on', async () => {
    const encoder = await encoderOf()
    const many = mixedObservations(rng(1), atoms, 4000)
    const stop = new AbortController()
    const seen: number[] = []
    const running = encoder.encode(many, {
      signal: stop.signal,
      onProgress({ done, total }) {
        seen.push(done)
        expect(total).toBe(4000)
        if (seen.length === 2) stop.abort()
      },
    })
    await expect(running).rejects.toThrow(CancelledError)
    expect(seen.length).toBe(2)
    expect(seen[1]).toBeLessThan(4000)
    await expect(encoder.encode(many, { signal: AbortSignal.abort() })).rejects.toThrow(CancelledError)
    expectCertified({ atoms, observations, regularizer }, await encoder.encode(observations))
    encoder.dispose()
  })

  it('reports progress that reaches its end', async () => {
    const encoder = await encoderOf()
    const many = mixedObservations(rng(2), atoms, 2000)
    const done: number[] = []
    await encoder.encode(many, { onProgress: (progress) => done.push(progress.done) })
    expect(done.at(-1)).toBe(2000)
    expect([...done].sort((a, b) => a - b)).toEqual(done)
    encoder.dispose()
  })

  it('lets the event loop turn', async () => {
    const encoder = await encoderOf()
    const many = mixedObservations(rng(2), atoms, 6000)
    let turns = 0
    let running = true
    const tick = () => {
      turns++
      if (running) setImmediate(tick)
    }
    setImmediate(tick)
    await encoder.encode(many, { solver: 'fista', maxSteps: 30 })
    running = false
    expect(turns).toBeGreaterThan(2)
    encoder.dispose()
  })

  it('survives dispose: either refused or finished as if nothing had happened', async () => {
    const encoder = await encoderOf()
    const many = mixedObservations(rng(4), atoms, 3000)
    const expected = await encoder.encode(many)
    const running = encoder.encode(many).then(
      (found) => [...found.energy],
      (error: Error) => error.message,
    )
    encoder.dispose()
    const other = await linearEncoder({ atoms: dictionaries.unit(rng(5), 90, 20), regularizer, threads: 2 })
    await other.encode(observations)
    const outcome = await running
    if (typeof outcome === 'string') expect(outcome).toMatch(/dispose/)
    else expect(outcome).toEqual([...expected.energy])
    other.dispose()
  })

  it('is refused after dispose', async () => {
    const encoder = await encoderOf()
    encoder.dispose()
    encoder.dispose()
    await expect(encoder.encode(observations)).rejects.toThrow(/dispose/)
  })
})

describe('what does not fit', () => {
  it('is refused in a sentence', async () => {
    const encoder = await encoderOf()
    await expect(encoder.encode(normalBatch(random, 3, 19))).rejects.toThrow(ShapeError)
    await expect(encoder.encode(normalBatch(random, 3, 19))).rejects.toThrow(/19.*20.*\[n, 20\]/)
    await expect(encoder.encode({ shape: [50, 20], data: new Float32Array(24) })).rejects.toThrow(ShapeError)
    await expect(encoder.encode(observations, { solver: 'omp' })).rejects.toThrow(/omp cannot serve.*l1.*active-set/)
    encoder.dispose()
    await expect(linearEncoder({ atoms: { shape: [0, 4], data: new Float32Array() }, regularizer })).rejects.toThrow(
      ShapeError,
    )
    await expect(linearEncoder({ atoms: { shape: [3, 0], data: new Float32Array() }, regularizer })).rejects.toThrow(
      ShapeError,
    )
    await expect(linearEncoder({ atoms: { shape: [8, 3], data: new Float32Array(12) }, regularizer })).rejects.toThrow(
      ShapeError,
    )
    // JavaScript has no types that would refuse these.
    const forGraphs = l2({ lambda: 1 }) as unknown as typeof regularizer
    await expect(linearEncoder({ atoms, regularizer: forGraphs })).rejects.toThrow(/l2 is for energies on graphs.*l1,/)
    await expect(linearEncoder({ atoms } as Parameters<typeof linearEncoder>[0])).rejects.toThrow(/such as l1\(/)
    expect(() => sparseCoding({ atoms: 3, regularizer: forGraphs })).toThrow(/l2 is for energies on graphs/)
    const broken = { shape: [2, 2], data: Float32Array.of(1, 0, Number.NaN, 1) }
    await expect(linearEncoder({ atoms: broken, regularizer })).rejects.toThrow(DataError)
    await expect(linearEncoder({ atoms: broken, regularizer })).rejects.toThrow(/Atom 1 holds NaN/)
    for (const threads of [0, -1, 1.5, 1000, Number.NaN]) {
      await expect(linearEncoder({ atoms, regularizer, threads })).rejects.toThrow(/threads.*1 to 256/)
    }
    const vast = { shape: [3, 2], data: new Float32Array(6).fill(1e25) }
    const refused = linearEncoder({ atoms: vast, regularizer }).then(async (made) => {
      const found = await made.encode(normalBatch(rng(1), 2, 2))
      made.dispose()
      expect(found.status).not.toContain('converged')
      throw new DataError('no encoder, or none that claims to have converged')
    })
    await expect(refused).rejects.toThrow(DataError)
  })

  it('in decode is refused too', () => {
    const codes = fromDense(normalBatch(rng(1), 2, 29))
    expect(() => decode(codes, atoms)).toThrow(/29 atoms.*30/)
  })
})

it('decodes what it is told to, for codes without rows as well', async () => {
  const dense = normalBatch(rng(3), 4, 30)
  const out = decode(fromDense(dense), atoms)
  expect(out.shape).toEqual([4, 20])
  for (let i = 0; i < 4; i++) {
    for (let p = 0; p < 20; p++) {
      let sum = 0
      for (let j = 0; j < 30; j++) sum += dense.data[i * 30 + j] * atoms.data[j * 20 + p]
      expect(Math.abs(out.data[i * 20 + p] - sum)).toBeLessThanOrEqual(1e-5)
    }
  }
  expect(decode(fromDense({ shape: [0, 30], data: new Float32Array() }), atoms).shape).toEqual([0, 20])
})

it('says of every status what to do', () => {
  for (const status of statuses) expect(explain(status)).toMatch(/^[A-Z].*\.$/)
  expect(explain('maxSteps')).toMatch(/raise maxSteps/)
  expect(explain('nonFinite')).toMatch(/clean/)
})

it('takes more atoms asked for than there are', async () => {
  const encoder = await linearEncoder({ atoms, regularizer: topK({ active: 500 }), threads: 1 })
  const found = await encoder.encode(observations)
  encoder.dispose()
  for (let i = 0; i < 20; i++) expect(found.codes.indptr[i + 1] - found.codes.indptr[i]).toBeLessThanOrEqual(20)
  expect(found.energy.every((value) => value <= 1e-5)).toBe(true)
})

it('says of codes whose gap stays above the tolerance that they stalled, and of no others', async () => {
  const random = rng(61)
  const [count, size, atomCount] = [200, 20, 30]
  const centre = Array.from({ length: size }, () => random.normal())
  const data = Float32Array.from({ length: atomCount * size }, (_, at) => centre[at % size] + 1e-3 * random.normal())
  const atoms = { shape: [atomCount, size], data }
  const observations = normalBatch(random, count, size)
  for (const [solver, mask] of [
    ['active-set', undefined],
    ['active-set', { shape: observations.shape, data: observations.data.map(() => 1) }],
    ['coordinate-descent', undefined],
  ] as const) {
    const encoder = await linearEncoder({ atoms, regularizer: l1({ lambdaRatio: 2e-3 }), threads: 1 })
    const options = { solver, tolerance: 1e-7, maxSteps: 2000, ...(mask ? { mask } : {}) }
    const { energy, gap, status } = await encoder.encode(observations, options)
    encoder.dispose()
    const reached = status.map((_, i) => (gap?.[i] ?? Number.NaN) <= 1e-7 * energy[i])
    expect(status.filter((each, i) => (each === 'converged') !== reached[i])).toEqual([])
    if (solver === 'active-set' && !mask) {
      expect(status).toContain('stalled')
      expect(status).not.toContain('maxSteps')
    }
  }
})
