import type { ProcessMark, ProcessStanding } from './processMark.js'

/** What {@link ProcessMark} says of this page, whose memory is its own: whoever holds a place in it is this page. */
export function thisProcess(): ProcessMark {
  return { host: 'this page', machine: '', boot: '', space: '', process: 0, started: '' }
}

/** How a process stands: a place in the memory of a page is held by nothing that could have ended. */
export function processStanding(_mark: ProcessMark): ProcessStanding {
  return 'runs'
}
