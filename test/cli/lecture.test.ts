import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lecture } from '../../src/lecture/lecture.js'
import { energia } from './built.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'energia-lecture-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const at = (name: string) => join(folder, name)
const read = (...path: string[]) => readFileSync(join(folder, ...path), 'utf8')
/** Everything that a section shows and learned, but for what the clock says. */
const made = (out: string) =>
  readdirSync(at(out))
    .filter((name) => /\.(png|svg)$/.test(name))
    .map((name) => [name, readFileSync(join(at(out), name)).toString('base64')])

describe('energia lecture', () => {
  it('goes on where it was stopped, to the same page, and keeps the sections that it has', async () => {
    const only = ['3', '5']
    await lecture({ out: at('whole'), only })
    const stop = new AbortController()
    const stopped = lecture({
      out: at('stopped'),
      only,
      signal: stop.signal,
      onProgress: ({ section }) => section === 'convergence' && stop.abort(),
    })
    await expect(stopped).rejects.toThrow(/stopped; start it again with the same options/)
    expect(read('stopped', 'index.html')).toContain('being made')
    const before = readFileSync(join(at('stopped'), 'progress', 'piecewise.safetensors'))
    const heard: string[] = []
    const { claims } = await lecture({
      out: at('stopped'),
      only,
      onProgress: ({ section, message }) => heard.push(`${section} ${message}`),
    })
    expect(heard[0]).toBe('piecewise is there already')
    expect(readFileSync(join(at('stopped'), 'progress', 'piecewise.safetensors'))).toEqual(before)
    expect(claims.map(({ number, holds, section }) => [number, holds, section])).toEqual([
      [3, true, 'piecewise'],
      [5, true, 'convergence'],
    ])
    expect(made('stopped')).toEqual(made('whole'))
    const page = (out: string) => read(out, 'index.html').replace(/<footer.*<\/footer>/s, '')
    expect(page('stopped')).toBe(page('whole'))
  })

  it('leaves a folder alone that holds folders of something else', async () => {
    for (const name of ['photographs', 'progress']) {
      const out = at(`foreign-${name}`)
      mkdirSync(join(out, name), { recursive: true })
      writeFileSync(join(out, name, 'mine.txt'), 'mine')
      await expect(lecture({ out, only: ['piecewise'], overwrite: true })).rejects.toThrow(
        /something else than a lecture/,
      )
      expect(readdirSync(out)).toEqual([name])
      expect(readdirSync(join(out, name))).toEqual(['mine.txt'])
    }
  })

  it('goes on where it was killed before it had a page', async () => {
    const out = at('young')
    const options = { out, only: ['piecewise'], signal: AbortSignal.abort() }
    await expect(lecture(options)).rejects.toThrow(/start it again/)
    rmSync(join(out, 'index.html'))
    await expect(lecture(options)).rejects.toThrow(/start it again/)
  })

  it('says which setting differs, and makes the lecture anew with --overwrite', async () => {
    const other = await energia(['lecture', '--only', 'piecewise', '--out', at('whole'), '--full', '--seed', '3'])
    expect(other.code).toBe(2)
    expect(other.stderr).toMatch(/full is false there and true here; seed is 0 there and 3 here.*--overwrite/)
    const anew = await energia(['lecture', '--only', 'piecewise', '--out', at('whole'), '--seed', '3', '--overwrite'])
    expect(anew.code).toBe(0)
    expect(anew.stdout).toMatch(/3 Sparse coding: data as a piecewise linear function +holds/)
    expect(existsSync(join(at('whole'), 'progress', 'convergence.safetensors'))).toBe(false)
    expect(read('whole', 'index.html')).not.toContain('id="convergence"')
  })

  it('says what its reduced form reduced, and names its sections where one is unknown', async () => {
    const unknown = await energia(['lecture', '--only', 'stroke', '--out', at('unknown')])
    expect([unknown.code, existsSync(at('unknown'))]).toEqual([2, false])
    expect(unknown.stderr).toMatch(/no section "stroke"; it has landscape.*balls/)
  })

  it('tells a damaged file of a finished section', async () => {
    const file = join(at('stopped'), 'progress', 'piecewise.safetensors')
    writeFileSync(file, readFileSync(file).subarray(0, 100))
    const { code, stderr } = await energia(['lecture', '--only', 'piecewise', '--out', at('stopped')])
    expect(code).not.toBe(0)
    expect(stderr).toContain('piecewise.safetensors')
  })
})
