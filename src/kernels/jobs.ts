/** What a parallel loop does with its items; the numbers of `Job` in `assembly/parallel.ts`. */
export const Job = {
  layAtoms: 0,
  gram: 1,
  activeSet: 2,
  coordinateDescent: 3,
  ista: 4,
  fista: 5,
  pursuit: 6,
  statistics: 8,
  gramSingle: 7,
  formResidual: 20,
  scanTiles: 21,
  descend: 22,
  accelerate: 23,
  masked: 12,
} as const

export type JobNumber = (typeof Job)[keyof typeof Job]
