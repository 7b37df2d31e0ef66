import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { patchGrid, toPng } from '../../src/index.js'
import { energia } from './built.js'
import { events, files, npy, png, temporaryFolder } from './support.js'

const folder = temporaryFolder()
const at = (...parts: string[]) => join(folder, ...parts)
/** Pictures by name, one with a name that CSV must quote: [height, width]. */
const sizes = { 'a, b.png': [14, 9], 'flat.png': [12, 13], 'z.png': [6, 6] } as const

/** The lines of a CSV by column; quoted cells are few enough here to be told by their pattern. */
function parsed(text: string): Record<string, string>[] {
  const [head, ...lines] = text.trimEnd().split('\n')
  const columns = head.split(',')
  return lines.map((line) => {
    const cells = Array.from(line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g), ([, quoted, plain]) =>
      quoted === undefined ? plain : quoted.replaceAll('""', '"'),
    )
    expect(cells).toHaveLength(columns.length)
    return Object.fromEntries(columns.map((column, i) => [column, cells[i]]))
  })
}

async function succeeds(args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await energia(args)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return stdout
}

const learn = (data: string, out: string, ...more: string[]) =>
  succeeds([
    'fit',
    'sparse-coding',
    '--data',
    data,
    '--atoms',
    '8',
    '--lambda',
    '0.1',
    '--epochs',
    '1',
    '--out',
    out,
    ...more,
  ])

beforeAll(async () => {
  mkdirSync(at('scenes'))
  for (const [name, [height, width]] of Object.entries(sizes)) {
    writeFileSync(at('scenes', name), await png(height, width, height + width))
  }
  // One pixel of one patch differs from flat ground: its energy stands out.
  const pixels = new Uint8Array(12 * 13).fill(90)
  pixels[8 * 13 + 10] = 255
  writeFileSync(at('scenes', 'flat.png'), await toPng({ width: 13, height: 12, channels: 1, pixels }))
  await learn(at('scenes'), at('patches'), '--patch', '5x4', '--patches-per-epoch', '400', '--centre')
}, 60_000)

describe('energies of images by patches', () => {
  it('name the image and the first pixel of each patch', async () => {
    const rows = parsed(await succeeds(['energy', at('patches'), '--data', at('scenes')]))
    expect(Object.keys(rows[0])).toEqual(['index', 'energy', 'gap', 'active', 'status', 'image', 'row', 'column'])
    const expected = Object.entries(sizes).flatMap(([image, shape]) => {
      const grid = patchGrid(shape, { size: [5, 4] })
      return grid.rows.flatMap((row) => grid.columns.map((column) => ({ image, row: `${row}`, column: `${column}` })))
    })
    expect(rows.map(({ image, row, column }) => ({ image, row, column }))).toEqual(expected)
    expect(rows.map(({ index }) => Number(index))).toEqual(rows.map((_, i) => i))

    const odd = rows.filter(({ image, energy }) => image === 'flat.png' && Number(energy) > 1e-3)
    expect(odd.length).toBeGreaterThan(0)
    for (const { row, column } of odd) {
      expect(Number(row) <= 8 && 8 < Number(row) + 5 && Number(column) <= 10 && 10 < Number(column) + 4).toBe(true)
    }
  })

  it('say the same to a file and in events', async () => {
    const stdout = await succeeds(['energy', at('patches'), '--data', at('scenes')])
    await succeeds(['energy', at('patches'), '--data', at('scenes'), '--out', at('scores.csv')])
    expect(readFileSync(at('scores.csv'), 'utf8')).toBe(stdout)
    const all = events(await succeeds(['energy', at('patches'), '--data', at('scenes'), '--json']))
    const places = all.filter(({ event }) => event === 'energy').map(({ image, row, column }) => [image, row, column])
    expect(places).toEqual(parsed(stdout).map(({ image, row, column }) => [image, Number(row), Number(column)]))
  })

  it('are refused as ever where an image is too small, by its name', async () => {
    mkdirSync(at('tiny'))
    writeFileSync(at('tiny', 'tiny.png'), await png(3, 9))
    const { code, stderr } = await energia(['energy', at('patches'), '--data', at('tiny'), '--out', at('no.csv')])
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/tiny\.png is 3×9.*smaller than a patch/),
    })
  })
})

it('energies of whole images name the image, and those of numbers have no such columns', async () => {
  mkdirSync(at('whole'))
  for (const name of ['one.png', 'two.png', 'three.png']) writeFileSync(at('whole', name), await png(4, 4, name.length))
  await learn(at('whole'), at('whole-model'))
  const rows = parsed(await succeeds(['energy', at('whole-model'), '--data', at('whole')]))
  expect(rows.map(({ index, image }) => [index, image])).toEqual([
    ['0', 'one.png'],
    ['1', 'three.png'],
    ['2', 'two.png'],
  ])
  expect(Object.keys(rows[0])).not.toContain('row')
  const { numbers } = files(folder, { numbers: npy([3, 4, 4]) })
  const [plain] = parsed(await succeeds(['energy', at('whole-model'), '--data', numbers]))
  expect(Object.keys(plain)).toEqual(['index', 'energy', 'gap', 'active', 'status'])
})
