import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FileFormatError } from '../../src/tensor/errors.js'
import { tensor } from '../../src/tensor/tensor.js'
import { mosaic } from '../../src/views/mosaic.js'
import { writePng } from '../../src/views/writePng.js'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'energia-views-'))
})
afterEach(() => rm(folder, { recursive: true }))

describe('writePng', () => {
  it.each([
    [1, [2, 2, 1]],
    [3, [2, 1, 1, 3]],
  ])('writes a picture of %d channels that reads back the same', async (channels, shape) => {
    const count = shape.reduce((product, extent) => product * extent, 1)
    const picture = mosaic(
      tensor(
        shape,
        Float32Array.from({ length: count }, (_, i) => i - 1),
      ),
      { scale: 2 },
    )
    const path = join(folder, 'atoms.png')
    await writePng(path, picture)
    const { data, info } = await sharp(await readFile(path))
      .toColourspace(channels === 1 ? 'b-w' : 'srgb')
      .raw()
      .toBuffer({ resolveWithObject: true })
    expect([info.width, info.height, info.channels]).toEqual([picture.width, picture.height, channels])
    expect([...data]).toEqual([...picture.pixels])
    expect(await readdir(folder)).toEqual(['atoms.png'])
  })

  it('leaves nothing behind where it cannot write', async () => {
    const picture = mosaic(tensor([1, 1, 1], Float32Array.of(1)))
    await expect(writePng(join(folder, 'missing', 'atoms.png'), picture)).rejects.toThrow(FileFormatError)
    expect(await readdir(folder)).toEqual([])
  })
})
