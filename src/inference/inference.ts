import type { Codes } from './codes.js'

/** Why a solver stopped at this observation. */
export type Status = 'converged' | 'maxSteps' | 'timeBudget' | 'diverged' | 'nonFinite' | 'stalled'

/** The numbers of {@link Status} in files and kernels. */
export const statuses: readonly Status[] = ['converged', 'maxSteps', 'timeBudget', 'diverged', 'nonFinite', 'stalled']

/** What every solver returns: one entry an observation, all of it about the very codes returned. */
export interface Inference {
  readonly codes: Codes
  /** E(y, z) in double precision. */
  readonly energy: Float64Array
  /**
   * Duality gap: energy − gap ≤ min E ≤ energy (up to double precision). Absent for regularizers that are not convex.
   */
  readonly gap?: Float64Array
  /**
   * Where there is no gap. For regularizers that are not convex: the largest |Wᵀ(y − Wz)| on the support, relative to ‖Wᵀy‖∞; for
   * energies that graphs minimize: the largest number of the gradient that is left, relative to that at z = 0.
   */
  readonly stationarity?: Float64Array
  /** Iterations of the solver's own kind. */
  readonly steps: Uint32Array
  readonly status: readonly Status[]
}

/** What a status means, in a sentence to act on. */
export function explain(status: Status): string {
  switch (status) {
    case 'converged':
      return 'The tolerance was reached.'
    case 'maxSteps':
      return 'The step budget ran out before the tolerance was reached; raise maxSteps or the tolerance.'
    case 'timeBudget':
      return 'The time budget ran out before this observation was solved; raise seconds.'
    case 'diverged':
      return 'The energy grew or fell without bound; check the scale of the observations and atoms, and that the energy has a floor.'
    case 'nonFinite':
      return 'The observation, or its energy where codes begin, is a NaN or an infinity; clean the data.'
    case 'stalled':
      return 'No step lowers the energy any more: the code is as good as single precision allows, and the tolerance asks for more; raise the tolerance.'
  }
}
