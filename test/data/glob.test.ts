import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { expandGlob } from '../../src/data/files.node.js'
import { globFolders, isGlob, matchesGlob } from '../../src/data/glob.js'
import { ConfigurationError, FileFormatError } from '../../src/tensor/errors.js'
import { temporaryFolder } from './support.js'

const matches = (pattern: string, path: string) => matchesGlob(path, globFolders(pattern))

describe('patterns', () => {
  it.each([
    ['*.png', 'a.png', true],
    ['*.png', 'a/b.png', false],
    ['*.png', 'apng', false],
    ['a/**/*.png', 'a/b.png', true],
    ['a/**/*.png', 'a/b/c/d.png', true],
    ['a/**/*.png', 'b/a.png', false],
    ['image-?.jpg', 'image-1.jpg', true],
    ['image-?.jpg', 'image-10.jpg', false],
    ['[a-c]?.tif', 'b1.tif', true],
    ['[!a-c]?.tif', 'b1.tif', false],
    ['*.{png,jpg}', 'x.jpg', true],
    ['*.{png,jpg}', 'x.gif', false],
    ['{a,b}/*.{png,jpg}', 'b/x.png', true],
    ['a+(b).png', 'a+(b).png', true],
    ['/data/*.png', '/data/x.png', true],
  ])('%s and %s: %s', (pattern, path, expected) => {
    expect(matches(pattern, path)).toBe(expected)
  })

  it('never fail but by a sentence of our own', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (pattern, path) => {
        try {
          return typeof matches(pattern, path) === 'boolean'
        } catch (error) {
          return error instanceof ConfigurationError
        }
      }),
    )
    expect(() => matches('[z-a].png', 'x.png')).toThrow(/ranges/)
  })

  it('a name without special characters matches itself only', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9._-]{1,12}$/), fc.stringMatching(/^[a-z0-9._-]{1,12}$/), (name, other) => {
        expect(isGlob(name)).toBe(false)
        return matches(name, name) && matches(name, other) === (name === other)
      }),
    )
  })
})

describe('expandGlob', () => {
  it('finds files below the fixed part of the pattern, sorted, without hidden ones', async () => {
    const folder = temporaryFolder().replaceAll('\\', '/')
    mkdirSync(join(folder, 'sub', 'deep'), { recursive: true })
    for (const name of ['b.png', 'a.png', 'c.txt', '.hidden.png', 'sub/d.png', 'sub/deep/e.png'])
      writeFileSync(join(folder, name), '')
    const names = async (pattern: string) =>
      (await expandGlob(`${folder}/${pattern}`)).map((path) => path.slice(folder.length + 1))
    expect(await names('*.png')).toEqual(['a.png', 'b.png'])
    expect(await names('**/*.png')).toEqual(['a.png', 'b.png', 'sub/d.png', 'sub/deep/e.png'])
    expect(await names('*/*.png')).toEqual(['sub/d.png'])
    expect(await names('*.gif')).toEqual([])
    expect(await names('.h*')).toEqual(['.hidden.png'])
    await expect(expandGlob(`${folder}/absent/*.png`)).rejects.toThrow(FileFormatError)
  })
})
