import { describe, expect, it } from 'vitest'
import { gaborStatistics } from '../../src/diagnostics/gaborStatistics.js'
import { fromDense } from '../../src/inference/codes.js'
import { ConfigurationError, DataError, ShapeError } from '../../src/tensor/errors.js'
import { tensor } from '../../src/tensor/tensor.js'
import { activeCounts, activeHistogram } from '../../src/views/activeHistogram.js'
import { atomUsage } from '../../src/views/atomUsage.js'
import { thinned } from '../../src/views/chart.js'
import { codeValueHistogram, valueBins } from '../../src/views/codeValueHistogram.js'
import { convergenceRace } from '../../src/views/convergenceRace.js'
import { energyOverTime } from '../../src/views/energyOverTime.js'
import { errorAgainstLabels } from '../../src/views/errorAgainstLabels.js'
import { gaborChart, orientationCounts } from '../../src/views/gaborChart.js'
import { inlineSvg } from '../../src/views/inlineSvg.js'
import { logAxis } from '../../src/views/logAxis.js'
import { standaloneSvg } from '../../src/views/standaloneSvg.js'
import { svgToPng } from '../../src/views/svgToPng.node.js'

const codes = (shape: [number, number], ...values: number[]) => fromDense(tensor(shape, Float32Array.from(values)))
const some = codes([3, 4], 0, 1, -2, 0, 0, 0, 0, 0, 3, 1, 1, 0)

const hostile = '<script>alert(1)</script> & "quoted"'
const charts: Record<string, (title?: string) => Promise<string>> = {
  energyOverTime: (title = 'Energy') =>
    energyOverTime(
      [
        { name: title, at: [0, 1, 2], energy: [9, 4, 3] },
        { name: 'held-out', at: [0, 2], energy: [10, 4] },
      ],
      { title },
    ),
  energyOnLogScale: (title = 'Energy') =>
    energyOverTime([{ name: 'a', at: [0, 1], energy: [1e6, 1e-6] }], { title, scale: 'log' }),
  codeValueHistogram: (title = 'Values') => codeValueHistogram(some, { title }),
  atomUsage: (title = 'Use') => atomUsage([5, 0, 2], { observations: 10, title }),
  activeHistogram: (title = 'Active') => activeHistogram(some, { title }),
  gaborChart: (title = 'Gabor') =>
    gaborChart(
      [
        { orientation: 1, frequency: 0.2, r2: 0.9 },
        { orientation: -1, frequency: 0.4, r2: 0.1 },
      ],
      { title },
    ),
  convergenceRace: (title = 'Race') =>
    convergenceRace(
      [
        { name: 'FISTA', at: [0, 1, 2], gap: [1, 1e-3, 0] },
        { name: title, at: [1, 10], gap: [0.5, 1e-7] },
      ],
      { title, scale: 'log' },
    ),
}
const empty: Record<string, () => Promise<string>> = {
  energyOverTime: () => energyOverTime([]),
  energyOfNothing: () => energyOverTime([{ name: 'training', at: [], energy: [] }], { scale: 'log' }),
  energyOnce: () => energyOverTime([{ name: 'training', at: [1], energy: [0] }]),
  codeValueHistogram: () => codeValueHistogram(codes([0, 0])),
  codesOfZeros: () => codeValueHistogram(codes([1, 2], 0, 0)),
  oneCode: () => activeHistogram(codes([1, 1], 1)),
  atomUsage: () => atomUsage([]),
  unusedAtoms: () => atomUsage([0, 0], { observations: 1 }),
  activeHistogram: () => activeHistogram(codes([0, 5])),
  gaborChart: () => gaborChart([]),
  convergenceRace: () => convergenceRace([]),
  convergedAtOnce: () => convergenceRace([{ name: 'exact', at: [0], gap: [0] }], { scale: 'log' }),
}

describe('every chart', () => {
  it.each(Object.entries(charts))(
    '%s is well-formed, names itself and holds no address, style or script',
    async (_, draw) => {
      const svg = await draw(hostile)
      expect(svg).toContain('<title>&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;quoted&quot;</title>')
      expect(svg).toMatch(/<desc>[^<]{20,}<\/desc>/)
      expect(inlineSvg(svg, 'a chart')).toContain('aria-label="a chart"')
      expect(svg.replace('xmlns="http://www.w3.org/2000/svg"', '')).not.toMatch(
        /https?:|<style|<script|NaN|undefined|Infinity/,
      )
    },
  )

  it.each(Object.entries(charts))(
    '%s follows the page, and stands alone with its colours resolved',
    async (_, draw) => {
      const svg = await draw()
      expect(svg).toMatch(/var\(--energia-/)
      expect(svg).toContain('currentColor')
      const alone = standaloneSvg(svg)
      expect(alone).not.toMatch(/var\(|currentColor/)
      expect(alone).toContain('fill="#ffffff"')
      const png = await svgToPng(alone, 1)
      expect([...png.subarray(1, 4)]).toEqual([0x50, 0x4e, 0x47])
    },
  )

  it.each(Object.entries(charts))('%s is the same each time', async (_, draw) => {
    expect(await draw()).toBe(await draw())
  })

  it.each(Object.entries(empty))('%s: nothing, or one thing, is still a chart', async (_, draw) => {
    const svg = await draw()
    expect(inlineSvg(svg, 'empty')).not.toMatch(/NaN|Infinity|undefined|⚠/)
  })
})

describe('what the charts count', () => {
  it('states the share of zeros, which are left out of the histogram', async () => {
    expect(await codeValueHistogram(some)).toContain('58.3\u00a0% of 12 values are zero')
  })

  it('bins values symmetrically about 0, or from 0 where none is negative', () => {
    const bins = valueBins([-2, -2, 1, 2])
    expect(bins[0]).toMatchObject({ from: -2, count: 2 })
    expect(bins[bins.length - 1]).toMatchObject({ to: 2, count: 1 })
    expect(bins.some(({ to }) => Math.abs(to) < 1e-12)).toBe(true)
    expect(bins.reduce((sum, { count }) => sum + count, 0)).toBe(4)
    expect(valueBins([1, 3])[0].from).toBe(0)
  })

  it('counts the active coefficients of each code', async () => {
    expect([...activeCounts(some)]).toEqual([1, 0, 1, 1])
    expect(await activeHistogram(some)).toContain('mean 1.67, median 2, most 3 of 4 atoms')
  })

  it('says how many atoms are in use', async () => {
    expect(await atomUsage([5, 0, 2], { observations: 10 })).toContain(
      '2 of 3 in use, the median in 20\u00a0% of the codes',
    )
  })

  it('counts well-fitted atoms around eight directions, as the diagnostics do', () => {
    const at = (degrees: number, r2 = 1) => ({ orientation: (degrees * Math.PI) / 180, frequency: 0.1, r2 })
    const fits = [at(0), at(10), at(30), at(190), at(-10), at(175), at(100, 0.2)]
    expect(orientationCounts(fits)).toEqual([5, 1, 0, 0, 0, 0, 0, 0])

    const stripes = new Float32Array(4 * 64)
    stripes.forEach((_, i) => {
      const angle = ((i >> 6) * Math.PI) / 4 + 0.05
      const across = ((i & 7) - 3.5) * Math.sin(angle) - (((i >> 3) & 7) - 3.5) * Math.cos(angle)
      stripes[i] = Math.cos(1.2 * across) * Math.exp(-(across ** 2) / 8)
    })
    const { fits: fitted, orientationBins } = gaborStatistics(tensor([4, 8, 8], stripes))
    expect(orientationBins.filter((count) => count > 0)).toHaveLength(4)
    expect(orientationCounts(fitted)).toEqual(orientationBins)
  })

  it('draws a Gabor function in the direction in which its stripes are seen', async () => {
    const rising = { orientation: (3 * Math.PI) / 4, frequency: 0.2, r2: 1 }
    const [, x, y] = /<circle cx="([\d.]+)" cy="([\d.]+)" r="3.2"/.exec(await gaborChart([rising])) ?? []
    expect(Number(x)).toBeGreaterThan(260)
    expect(Number(y)).toBeLessThan(270)
  })

  it('keeps the extremes of a long trace', () => {
    const x = Float64Array.from({ length: 100_000 }, (_, i) => i)
    const y = x.map((i) => (i === 51_234 ? -7 : Math.sin(i)))
    const points = thinned(x, y)
    expect(points.length).toBeLessThanOrEqual(800)
    expect(Math.min(...points.map((point) => point.y))).toBe(-7)
    expect([points[0].x, points[points.length - 1].x]).toEqual([0, 99_999])
  })

  it('gives log axes few ticks inside their domain, for any span', () => {
    for (const [low, high] of [
      [1e-16, 1],
      [0.7, 2000],
      [80, 160],
      [99, 101],
      [3, 3],
      [1e-300, 1e300],
    ]) {
      const { domain, ticks } = logAxis(low, high)
      expect(ticks.length, `${low} to ${high}`).toBeGreaterThanOrEqual(low === high ? 1 : 2)
      expect(ticks.length).toBeLessThanOrEqual(9)
      for (const tick of ticks) expect(tick >= domain[0] && tick <= domain[1]).toBe(true)
    }
  })
})

describe('bad input', () => {
  it('is refused in a sentence that names it', async () => {
    const trace = (energy: number[]) => [{ name: 'training', at: energy.map((_, i) => i), energy }]
    expect(() => energyOverTime(trace([1, Number.NaN]))).toThrow(/"training" holds \(1, NaN\) at 1/)
    expect(() => energyOverTime([{ name: 'training', at: [1], energy: [1, 2] }])).toThrow(ShapeError)
    expect(() => energyOverTime(trace([1, 0]), { scale: 'log' })).toThrow(/scale: 'linear'/)
    await expect(codeValueHistogram(codes([1, 1], Number.POSITIVE_INFINITY))).rejects.toThrow(DataError)
    await expect(atomUsage([1, -1])).rejects.toThrow(/atom 1 is -1/)
    await expect(atomUsage([1], { observations: 0 })).rejects.toThrow(ConfigurationError)
    await expect(gaborChart([{ orientation: 0, frequency: Number.NaN, r2: 1 }])).rejects.toThrow(/Gabor fit 0/)
    await expect(svgToPng('<svg')).rejects.toThrow(/cannot be drawn/)
    await expect(convergenceRace([{ name: 'ISTA', at: [0], gap: [-1] }])).rejects.toThrow(/gap of -1/)
  })
})

it('names every number of labels under its chart', async () => {
  const labels = [1, 3, 10, 30, 100, 800]
  const error = [0.5, 0.3, 0.2, 0.1, 0.05, 0.02]
  const svg = await errorAgainstLabels([{ name: 'learned', labels, error, spread: labels.map(() => 0.01) }])
  for (const count of labels) expect(svg).toContain(`>${count}<`)
})

describe('errors against labels', () => {
  const chart = (...error: number[]) =>
    errorAgainstLabels([{ name: 'learned', labels: error.map((_, i) => i + 1), error, spread: error.map(() => 0) }])
  /** Names of the ticks of the axis of errors, from below. */
  const ticks = async (...error: number[]) =>
    [...(await chart(...error)).matchAll(/>([\d.]+)\u00a0%<\/text>/g)].map(([, text]) => Number(text))

  it('call 0 what is 0', async () => {
    expect((await ticks(0, 0))[0]).toBe(0)
    expect((await ticks(0, 0)).length).toBeGreaterThan(1)
    expect((await ticks(0.4, 0))[0]).toBe(0)
    expect((await ticks(0.4, 0.02, 0))[0]).toBe(0)
    expect((await ticks(0.4, 0.02))[0]).toBeGreaterThan(0)
  })

  it('have few ticks apart from one another where all errors are alike', async () => {
    for (const error of [0, 0.003, 0.2, 1]) {
      const names = await ticks(error, error)
      expect(new Set(names).size).toBe(names.length)
      expect(Math.max(...names)).toBeGreaterThanOrEqual(1.5 * Math.min(...names))
      expect(Math.max(...names)).toBeLessThanOrEqual(100)
    }
  })
})
