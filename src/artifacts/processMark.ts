import { number, object, text, type Validator, whole } from './validate.js'

/** What tells a process from every other one, also once it has ended and its number belongs to another. */
export interface ProcessMark {
  /** The machine's name. */
  readonly host: string
  /** What stays the same when the machine starts anew; empty where that is not known. */
  readonly machine: string
  /** What is another one each time the machine starts; empty where that is not known. */
  readonly boot: string
  /** Within which processes are numbered, as that of a container; empty where that is not known. */
  readonly space: string
  readonly process: number
  /** When it began, in the system's own words; empty where that is not known. */
  readonly started: string
}

/**
 * What is known of a process: it runs; something runs under its number, which may be another one; it has ended; or it is, or was, where
 * its number says nothing here (another machine, another container).
 */
export type ProcessStanding = 'runs' | 'unsure' | 'gone' | 'elsewhere'

/** Who holds a place. */
export interface Holder extends ProcessMark {
  /** Of this one time that the place is held. */
  readonly token: string
  /** When it was taken, in milliseconds since 1970. */
  readonly since: number
}

export const validHolder: Validator<Holder> = object({
  ...{ host: text, machine: text, boot: text, space: text, process: whole(), started: text },
  ...{ token: text, since: number() },
})

/** What a look at the processes of this machine tells of one of them. */
export interface ProcessLook {
  readonly runs: boolean
  readonly started: string
}

/** How a process stands, as seen from another, `own`, that can look at those beside it. */
export function standingOf(
  mark: ProcessMark,
  own: ProcessMark,
  look: (process: number) => ProcessLook,
): ProcessStanding {
  const startedAnew =
    mark.machine !== '' && mark.machine === own.machine && mark.host === own.host && mark.boot !== own.boot
  if (startedAnew && mark.boot !== '' && own.boot !== '') return 'gone'
  const beside = own.boot === '' ? mark.boot === '' && mark.host === own.host : mark.boot === own.boot
  if (!beside || mark.space !== own.space) return 'elsewhere'
  const { runs, started } = look(mark.process)
  if (!runs) return 'gone'
  if (started === '' || mark.started === '') return 'unsure'
  return started === mark.started ? 'runs' : 'gone'
}
