import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { statuses } from '../../src/inference/inference.js'
import { Engine } from '../../src/kernels/engine.js'
import { Job } from '../../src/kernels/jobs.js'
import { learningLayout, problemLayout, writeFields } from '../../src/kernels/structs.js'

const assembly = (name: string) => readFile(new URL(`../../assembly/${name}.ts`, import.meta.url), 'utf8')

/** The fields of a class in AssemblyScript, in order, with the types by which the host writes them. */
function fieldsOf(source: string, name: string): [string, string][] {
  const body = source.slice(source.indexOf(`class ${name} {`)).split('\n}')[0]
  return [...body.matchAll(/^ {2}(\w+): (i32|usize|f64)$/gm)].map(([, field, type]) => [
    field,
    type === 'f64' ? 'f64' : 'i32',
  ])
}

/** The numbers of a namespace in AssemblyScript, by camelCase name. */
function numbersOf(source: string, name: string): Map<string, number> {
  const body = source.slice(source.indexOf(`namespace ${name} {`)).split('\n}')[0]
  const camel = (word: string) => word.toLowerCase().replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
  return new Map([...body.matchAll(/const (\w+): i32 = (\d+)/g)].map(([, word, value]) => [camel(word), Number(value)]))
}

describe('what host and kernels share', () => {
  for (const [name, file, layout] of [
    ['Problem', 'problem', problemLayout],
    ['Learning', 'learning', learningLayout],
  ] as const) {
    it(`${name} has the same fields in the same order and size`, async () => {
      const fields = fieldsOf(await assembly(file), name)
      expect(fields.length).toBeGreaterThan(10)
      expect(Object.entries(layout.offsets).map(([field, { type }]) => [field, type])).toEqual(fields)
      const engine = await Engine.start(1)
      expect(layout.bytes).toBe(name === 'Problem' ? engine.kernels.problemBytes() : engine.kernels.learningBytes())
      engine.dispose()
    })
  }

  it('jobs and statuses have the same numbers', async () => {
    const jobs = numbersOf(await assembly('parallel'), 'Job')
    expect(jobs.size).toBeGreaterThanOrEqual(Object.keys(Job).length)
    expect(new Set(jobs.values()).size).toBe(jobs.size)
    for (const [name, number] of Object.entries(Job)) expect(jobs.get(name), name).toBe(number)
    const stops = numbersOf(await assembly('problem'), 'Stop')
    for (const [name, number] of stops) expect(statuses[number]).toBe(name)
  })

  it('fields are written where they belong and nowhere else', () => {
    const buffer = new ArrayBuffer(problemLayout.bytes + 16)
    const view = new DataView(buffer)
    writeFields(buffer, 8, problemLayout.offsets, { k: 7, lambda: 0.5, gramLow: 3_000_000_000 })
    expect(view.getInt32(8 + problemLayout.offsets.k.offset, true)).toBe(7)
    expect(view.getFloat64(8 + problemLayout.offsets.lambda.offset, true)).toBe(0.5)
    // Addresses are unsigned: memory reaches beyond 2 GiB.
    expect(view.getUint32(8 + problemLayout.offsets.gramLow.offset, true)).toBe(3_000_000_000)
    writeFields(buffer, 8, problemLayout.offsets, { k: 0, lambda: 0, gramLow: 0 })
    expect(new Uint8Array(buffer).every((byte) => byte === 0)).toBe(true)
  })
})
