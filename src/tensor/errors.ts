import { oneLine } from './oneLine.js'

/**
 * The base of every error that Energia throws on purpose. Its message says what was given, what was expected, what to do, on one line whatever the
 * names in it; several lines are given as a list.
 */
export class EnergiaError extends Error {
  override name = 'EnergiaError'

  constructor(message: string | readonly string[], options?: ErrorOptions) {
    super([message].flat().map(oneLine).join('\n'), options)
  }
}

/** Shapes do not fit together. */
export class ShapeError extends EnergiaError {
  override name = 'ShapeError'
}

/** Observations cannot be used: NaN, infinite, empty, of unequal sizes. */
export class DataError extends EnergiaError {
  override name = 'DataError'
}

/** An option is out of range, unknown, or does not go with another. */
export class ConfigurationError extends EnergiaError {
  override name = 'ConfigurationError'
}

/** A file is missing, truncated, mislabelled or of an unknown version; or it cannot be written. */
export class FileFormatError extends EnergiaError {
  override name = 'FileFormatError'
}

/** An iteration diverged or met a non-finite number where no result can be given. */
export class ConvergenceError extends EnergiaError {
  override name = 'ConvergenceError'
}

/** Work was cancelled through an `AbortSignal`. What had been done is kept by whoever did it. */
export class CancelledError extends EnergiaError {
  override name = 'CancelledError'
}
