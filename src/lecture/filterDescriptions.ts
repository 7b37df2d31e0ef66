import type { FilterName, FilterShape } from '../diagnostics/filterShape.js'

/** What the lecture says of the filters of each count, and how that is seen in their names. */
export const filterDescriptions: readonly {
  readonly count: number
  readonly said: string
  readonly holds: (shapes: readonly FilterShape[]) => boolean
}[] = [
  { count: 1, said: 'centre-surround', holds: (shapes) => shapes[0].name === 'centre-surround' },
  { count: 2, said: 'odd shapes', holds: (shapes) => named(shapes, 'odd') > 0 },
  {
    count: 4,
    said: 'horizontal and vertical edges in two polarities',
    holds: (shapes) =>
      [0, 2].every((bin) => bothPolarities(shapes.filter((shape) => isStriped(shape) && binOf(shape) === bin))),
  },
  {
    count: 8,
    said: 'edges at several orientations',
    holds: (shapes) => orientations(shapes) >= 3 && named(shapes, 'edge') >= 4,
  },
  {
    count: 16,
    said: 'more orientations, and centre-surrounds',
    holds: (shapes) => orientations(shapes) === 4 && named(shapes, 'centre-surround') > 0,
  },
  { count: 32, said: 'gratings too', holds: (shapes) => named(shapes, 'grating') > 0 },
  { count: 64, said: 'gratings too', holds: (shapes) => named(shapes, 'grating') > 0 },
]

const named = (shapes: readonly FilterShape[], name: FilterName): number =>
  shapes.filter((shape) => shape.name === name).length
const isStriped = ({ name }: FilterShape): boolean => name === 'edge' || name === 'grating'
/** Which quarter of the orientations: 0 horizontal, 2 vertical. */
const binOf = ({ orientation }: FilterShape): number => Math.round((4 * orientation) / Math.PI) % 4
const orientations = (shapes: readonly FilterShape[]): number => new Set(shapes.filter(isStriped).map(binOf)).size
/**
 * Whether two of them are each other's negative rather than alike: their phases are more than a quarter of a turn apart. Phases are read
 * along one direction: of stripes that run the other way, 1° and 179°, one has the sign of the other's.
 */
const bothPolarities = (shapes: readonly FilterShape[]): boolean =>
  shapes.some((a) =>
    shapes.some((b) => {
      const turned = Math.cos(a.orientation - b.orientation) < 0 ? -1 : 1
      return Math.cos(a.phase - turned * b.phase) < 0
    }),
  )

/** What filters are, in words: "40 edges, 3 gratings; stripes at 4 of 4 orientations". */
export function summaryOfShapes(shapes: readonly FilterShape[]): string {
  const plural = { edge: 'edges', grating: 'gratings', 'centre-surround': 'centre-surrounds', odd: 'odd', dead: 'dead' }
  const parts = Object.entries(plural).flatMap(([name, words]) => {
    const count = named(shapes, name as FilterName) // the names are those of the table above
    return count === 0 ? [] : [`${count} ${count === 1 ? name : words}`]
  })
  const found = orientations(shapes)
  return `${parts.join(', ')}${found > 1 ? `; stripes at ${found} of 4 orientations` : ''}`
}
