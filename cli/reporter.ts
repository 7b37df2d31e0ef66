import { clearLine, cursorTo } from 'node:readline'

/** Milliseconds between progress lines where there is no terminal to write one over. */
const EVERY = 5000

/** Where a command's words go: people read sentences, programs read events with `--json`. */
export interface Reporter {
  readonly json: boolean
  /**
   * How far long work is: with `json` an event on standard output; otherwise on standard error one line that is written
   * over where that is a terminal, and a line now and then where it is not.
   */
  progress(event: string, fields: object, line: string): void
  /** A sentence for people, on standard error. */
  note(sentence: string): void
  /** A result for people, on standard output; nothing with `json`. */
  print(text: string): void
  /** The same, a sentence, on one line whatever the names in it. */
  say(sentence: string): void
  /** A result for programs, on standard output; nothing without `json`. */
  event(event: string, fields: object): void
  /** Takes the progress line away. */
  end(): void
}

/** Reports on these streams; `oneLine` brings sentences to one line, and comes from the library, which `--help` does not load. */
export function reporter(
  json: boolean,
  oneLine: (text: string) => string,
  { stdout, stderr }: Pick<NodeJS.Process, 'stdout' | 'stderr'> = process,
): Reporter {
  let shown = false
  let last = performance.now()
  const end = (): void => {
    if (!shown) return
    clearLine(stderr, 0)
    cursorTo(stderr, 0)
    shown = false
  }
  const event = (name: string, fields: object): void => {
    if (json) stdout.write(`${JSON.stringify({ event: name, ...fields })}\n`)
  }
  const print = (text: string): void => {
    end()
    if (!json) stdout.write(text.endsWith('\n') ? text : `${text}\n`)
  }
  return {
    json,
    event,
    end,
    progress(name, fields, line) {
      event(name, fields)
      if (json) return
      if (stderr.isTTY) {
        clearLine(stderr, 0)
        cursorTo(stderr, 0)
        stderr.write([...oneLine(line)].slice(0, (stderr.columns || 80) - 1).join(''))
        shown = true
      } else if (performance.now() - last >= EVERY) {
        last = performance.now()
        stderr.write(`${oneLine(line)}\n`)
      }
    },
    note(sentence) {
      end()
      stderr.write(`${oneLine(sentence)}\n`)
    },
    print,
    say: (sentence) => print(oneLine(sentence)),
  }
}
