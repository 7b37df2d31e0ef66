import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { systemCode, systemSentence } from '../../cli/systemErrors.js'
import { builtCli, energia } from './built.js'
import { contentsOf, events, files, npy, temporaryFolder } from './support.js'

const folder = temporaryFolder()
const at = (...parts: string[]) => join(folder, ...parts)
const raised = (code: string, fields: object = {}) => Object.assign(new Error(`${code}: trouble`), { code, ...fields })

describe('what the system refuses', () => {
  it.each([
    ['ENOENT', /check the path/],
    ['ELOOP', /mend the links/],
    ['ENOSPC', /no space is left.*free some/],
    ['ENAMETOOLONG', /choose a shorter one/],
    ['EROFS', /read-only; choose another place/],
    ['EMFILE', /too many files.*raise the limit/],
    ['ENOMEM', /close some programs/],
    ['EWHATEVER', /the system says EWHATEVER: trouble; run again/],
  ])('%s is a sentence that says what to do', (code, remedy) => {
    expect(systemCode(raised(code))).toBe(code)
    const sentence = systemSentence(raised(code, { path: '/a/b' }))
    expect(sentence).toMatch(/^\/a\/b cannot be used: .+\.$/)
    expect(sentence).toMatch(remedy)
  })

  it('is told from errors of Node and of programs', () => {
    expect(systemCode(Object.assign(new TypeError('x'), { code: 'ERR_INVALID_ARG_TYPE' }))).toBeUndefined()
    expect(systemCode(new Error('x'))).toBeUndefined()
    expect(systemSentence(raised('ENOSPC', { syscall: 'write' }))).toMatch(
      /^standard output cannot be written: no space/,
    )
  })
})

describe.skipIf(process.platform === 'win32')('odd places', () => {
  const run = at('run')
  let data: string
  let main: string

  beforeAll(async () => {
    main = await builtCli()
    data = files(folder, { 'data.npy': npy([40, 6]) })['data.npy']
    const args = ['--data', data, '--atoms', '6', '--lambda', '0.5', '--epochs', '1', '--out', run]
    expect(await energia(['fit', 'sparse-coding', ...args])).toMatchObject({ code: 0 })
    symlinkSync('round', at('about'))
    symlinkSync('about', at('round'))
    mkdirSync(at('empty.v1'))
  }, 60_000)

  /** Runs what must fail in a sentence that names a remedy, and leave all as it was. */
  async function refused(args: readonly string[], code: 1 | 2, sentence: RegExp): Promise<void> {
    const before = contentsOf(folder)
    const outcome = await energia(args)
    expect(outcome).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(/^energia: [^\n]+\.\n$/) })
    expect(outcome.stderr).toMatch(sentence)
    expect(outcome.stderr).not.toMatch(/the system says/)
    expect(contentsOf(folder)).toEqual(before)
  }

  it('links that lead round', async () => {
    await refused(['energy', run, '--data', at('about')], 1, /about cannot be read: its links.*mend/)
    await refused(
      ['energy', run, '--data', data, '--out', at('about', 'x.csv')],
      1,
      /cannot be written: its links.*mend/,
    )
    await refused(['show', at('about')], 1, /links.*mend/)
  })

  it('names that are too long', async () => {
    const long = 'x'.repeat(300)
    await refused(['encode', run, '--data', data, '--out', at(`${long}.npz`)], 1, /too long; choose a shorter one/)
    await refused(['fit', 'sparse-coding', '--data', data, '--lambda', '1', '--out', at(long)], 1, /too long; choose/)
  })

  it.runIf(existsSync('/proc/self'))('/proc, which takes no files', async () => {
    const places: [string[], RegExp][] = [
      [['encode', run, '--data', data, '--out', '/proc/x/y.npz'], /\/proc.*cannot be written: .*choose another one/],
      [['energy', run, '--data', data, '--out', '/proc/x.csv'], /\/proc\/x\.csv cannot be written: .*check the path/],
      [['fit', 'sparse-coding', '--data', data, '--lambda', '1', '--out', '/proc/x'], /\/proc\/x.*choose another one/],
    ]
    for (const [args, sentence] of places) await refused(args, 1, sentence)
  })

  it.runIf(existsSync('/dev/null'))('devices, which --overwrite must not replace', async () => {
    symlinkSync('/dev/null', at('null.csv'))
    symlinkSync('/dev/null', at('null.npz'))
    for (const [command, name] of [
      ['energy', 'null.csv'],
      ['encode', 'null.npz'],
    ]) {
      const args = [command, run, '--data', data, '--out', at(name), '--overwrite']
      await refused(args, 2, /is a device or a pipe; give --out the name of a file/)
    }
  })

  it.runIf(existsSync('/dev/full'))('a full disk behind standard output', () => {
    for (const words of [
      `energy "${run}" --data "${data}"`,
      `show "${run}"`,
      `show "${run}" --json`,
      '--help',
      'completion zsh',
    ]) {
      const line = `"${process.execPath}" "${main}" ${words} > /dev/full`
      const { status, stderr } = spawnSync('sh', ['-c', line], { encoding: 'utf8' })
      expect({ words, status, stderr }).toEqual({
        words,
        status: 1,
        stderr: expect.stringMatching(
          /^(Atoms .*\n)?energia: standard output cannot be written: no space .*; free some.*\n$/,
        ),
      })
    }
  })

  it('too few open files to load the library', async () => {
    const line = `ulimit -n 60; exec "${process.execPath}" "${main}" show "${run}" --json`
    const { status, stdout, stderr } = spawnSync('sh', ['-c', line], { encoding: 'utf8' })
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringMatching(/too many files are open; .*raise the limit/),
    })
    expect(events(stdout)).toEqual([{ event: 'error', message: stderr.trimEnd() }])
  })

  it('a folder for pictures needs no ending, a slash, or to be there', async () => {
    const codes = at('codes.npz')
    const square = files(folder, { 'square.npy': npy([5, 4]) })['square.npy']
    const model = at('square')
    const args = ['--data', square, '--atoms', '3', '--lambda', '0.5', '--epochs', '1', '--out', model]
    expect(await energia(['fit', 'sparse-coding', ...args])).toMatchObject({ code: 0 })
    expect(await energia(['encode', model, '--data', square, '--out', codes])).toMatchObject({ code: 0 })
    const decode = (out: string) => ['decode', model, '--codes', codes, '--out', out]
    for (const name of ['x.txt', 'x.png', 'x.npz', 'results.v2']) {
      await refused(
        decode(at(name)),
        2,
        /--out takes a name that ends in \.npy, or a folder.*no ending or a slash.*got/,
      )
    }
    for (const name of ['pictures', 'pictures.v2/', 'pictures.npy/', 'empty.v1']) {
      expect(await energia(decode(at(name)))).toMatchObject({ code: 0 })
      expect(existsSync(at(name, '4.png'))).toBe(true)
    }
    expect(await energia(decode(at('x.NPY')))).toMatchObject({ code: 0 })
  }, 60_000)
})
