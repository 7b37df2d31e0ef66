import { PassThrough } from 'node:stream'
import { expect, it } from 'vitest'
import { reporter } from '../../cli/reporter.js'
import { oneLine } from '../../src/index.js'

/** Standard output and error that remember what they were given. */
function streams(options: { readonly isTTY: boolean; readonly columns?: number }) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()].map((stream) =>
    Object.assign(stream.setEncoding('utf8'), options),
  )
  // A stream with these fields is all that a reporter looks at.
  return { stdout, stderr } as unknown as Pick<NodeJS.Process, 'stdout' | 'stderr'>
}

const read = (stream: NodeJS.WritableStream): string => (stream as unknown as PassThrough).read() ?? ''

it('writes one line over and over in a terminal, cut to its width, and takes it away for other words', () => {
  const output = streams({ isTTY: true, columns: 20 })
  const report = reporter(false, oneLine, output)
  report.progress('progress', { done: 1 }, 'first line of progress that is long')
  report.progress('progress', { done: 2 }, 'second')
  report.print('result')
  report.end()
  const text = read(output.stderr)
  expect(text.replaceAll('\x1b[2K\x1b[1G', '|')).toBe('|first line of progr|second|')
  expect(read(output.stdout)).toBe('result\n')
})

it('is silent about quick work where there is no terminal', () => {
  const output = streams({ isTTY: false })
  const report = reporter(false, oneLine, output)
  for (let i = 0; i < 10; i++) report.progress('progress', { i }, `line ${i}`)
  report.note('A sentence.')
  expect(read(output.stderr)).toBe('A sentence.\n')
  expect(read(output.stdout)).toBe('')
})

it('writes events to standard output with json, and no results for people', () => {
  const output = streams({ isTTY: true })
  const report = reporter(true, oneLine, output)
  report.progress('progress', { done: 1 }, 'line')
  report.print('result')
  report.event('done', { out: 'here' })
  expect(read(output.stdout)).toBe('{"event":"progress","done":1}\n{"event":"done","out":"here"}\n')
  expect(read(output.stderr)).toBe('')
})

it('keeps a sentence on one line whatever the names in it', () => {
  const output = streams({ isTTY: false })
  const report = reporter(false, oneLine, output)
  report.note('The folder a\nb is empty.')
  report.say('The model is in a\rb.')
  report.print('two\nlines')
  expect(read(output.stderr)).toBe('The folder a\\nb is empty.\n')
  expect(read(output.stdout)).toBe('The model is in a\\rb.\ntwo\nlines\n')
})
