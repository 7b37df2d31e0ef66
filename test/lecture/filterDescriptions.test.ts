import { expect, it } from 'vitest'
import type { FilterName, FilterShape } from '../../src/diagnostics/filterShape.js'
import { filterDescriptions, summaryOfShapes } from '../../src/lecture/filterDescriptions.js'

const DEGREE = Math.PI / 180

/** A filter of a name, with stripes of a direction and a phase in degrees. */
const filter = (name: FilterName, orientation = 0, phase = 90): FilterShape => ({
  name,
  r2: 0.9,
  gabor: {
    ...{ r2: 0.9, amplitude: 1, centre: [4, 4], sigmas: [2, 2], frequency: 0.2, orientation: orientation * DEGREE },
    ...{ phase: phase * DEGREE, bandwidthOctaves: 1, aspectRatio: 1 },
  },
  centreSurround: 0.9,
  orientation: orientation * DEGREE,
  phase: phase * DEGREE,
})
const edges = (...orientations: number[]) => orientations.map((orientation) => filter('edge', orientation))
const blob = filter('centre-surround')
const cross = [filter('edge', 2), filter('edge', 178, 90), filter('edge', 91), filter('edge', 88, -80)]

const cases: readonly (readonly [number, string, readonly FilterShape[], boolean])[] = [
  [1, 'a blob', [blob], true],
  [1, 'an edge', edges(0), false],
  [2, 'one that nothing fits', [filter('odd'), ...edges(0)], true],
  [2, 'two edges', edges(0, 90), false],
  [4, 'a horizontal and a vertical one, and each the other way round', cross, true],
  [4, 'the same ones twice', edges(0, 0, 90, 90), false],
  [
    4,
    'the same ones, read the other way',
    [filter('edge', 2), filter('edge', 178, -90), filter('edge', 91), filter('edge', 88)],
    false,
  ],
  [4, 'four directions', edges(0, 45, 90, 135), false],
  [8, 'edges at four orientations', edges(0, 1, 45, 46, 90, 91, 135, 136), true],
  [8, 'edges at two', edges(0, 1, 2, 3, 90, 91, 92, 93), false],
  [16, 'all orientations and a blob', [...edges(0, 45, 90, 135), blob], true],
  [16, 'all orientations', edges(0, 45, 90, 135), false],
  [32, 'a grating', [...edges(0), filter('grating', 90)], true],
  [64, 'none', edges(0, 90), false],
]

it.each(cases)('the description of %i filters of %s', (count, _, shapes, holds) => {
  expect(filterDescriptions.find((each) => each.count === count)?.holds(shapes)).toBe(holds)
})

it('says in words what filters are', () => {
  expect(summaryOfShapes([...edges(0, 45, 179), blob])).toBe(
    '3 edges, 1 centre-surround; stripes at 2 of 4 orientations',
  )
  expect(summaryOfShapes([filter('dead'), filter('odd')])).toBe('1 odd, 1 dead')
})
