import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { beforeAll, describe, expect, it } from 'vitest'
import { builtCli, energia } from './built.js'
import { contentsOf, files, idx, npy, png, temporaryFolder } from './support.js'

const folder = temporaryFolder()
const at = (...parts: string[]) => join(folder, ...parts)
const fixture = (name: string) => fileURLToPath(new URL(`../data/fixtures/${name}`, import.meta.url))
const run = at('run')
const codes = at('codes.npz')

/** Runs what must fail: the code, a sentence that helps, and no file new or changed. */
async function refused(
  args: readonly string[],
  code: 1 | 2,
  sentence: RegExp,
  within: RegExp = /^[^\n]+\n$/,
): Promise<void> {
  const before = contentsOf(folder)
  const outcome = await energia(args)
  expect({ code: outcome.code, stderr: outcome.stderr }).toEqual({ code, stderr: expect.stringMatching(sentence) })
  expect(outcome.stderr).toMatch(within)
  expect(outcome.stdout).toBe('')
  expect(contentsOf(folder)).toEqual(before)
}

const fitArgs = (data: string, ...more: string[]) => [
  ...['fit', 'sparse-coding', '--data', data, '--atoms', '6', '--lambda', '0.5', '--epochs', '1', '--out', at('new')],
  ...more,
]

let bad: Record<string, string> = {}
let mixed: string

beforeAll(async () => {
  const whole = npy([40, 6])
  const image = await png(20, 20)
  const parquet = new Uint8Array(readFileSync(fixture('whole.parquet')))
  const npz = new Uint8Array(readFileSync(fixture('stored.npz')))
  const zipped = gzipSync(idx([10, 4, 4], 160))
  const huge = Buffer.from(npy([40, 6])).toString('latin1')
  const promising = (shape: string) => {
    const text = huge.replace(/\(40, 6\), }( *)/, (found) => `${shape}, }`.padEnd(found.length))
    return Uint8Array.from(Buffer.from(text, 'latin1'))
  }
  bad = files(folder, {
    'good.npy': whole,
    'other.npy': npy([40, 5]),
    'empty.npy': '',
    'cut.npy': whole.subarray(0, 300),
    'more.npy': promising('(900, 6)'),
    'overflow.npy': promising('(4294967296, 4294967296)'),
    'none.npy': npy([0, 6]),
    'nan.npy': npy([40, 6], [1, 2, Number.NaN]),
    'infinite.npy': npy([40, 6], [1, 2, Number.POSITIVE_INFINITY]),
    'text.npy': 'these are no numbers, whatever the name says',
    'cut.idx': idx([10, 4, 4], 100),
    'overflow.idx': idx([0xffffffff, 0xffffffff, 0xffffffff], 100),
    'empty.idx': '',
    'named.idx': image,
    'corrupt.idx.gz': zipped.map((byte, i) => (i > 20 && i < 30 ? byte ^ 0xff : byte)),
    'cut.idx.gz': zipped.subarray(0, zipped.length - 12),
    'empty.parquet': '',
    'cut.parquet': parquet.subarray(0, parquet.length - 40),
    'named.parquet': whole,
    'empty.npz': '',
    'cut.npz': npz.subarray(0, npz.length - 30),
    'text.npz': 'PK no archive',
    'empty.png': '',
    'cut.png': image.subarray(0, image.length >> 1),
    'text.png': 'no picture',
    'small.png': image,
  })
  mixed = at('mixed')
  mkdirSync(mixed)
  files(mixed, { 'a.png': await png(20, 20), 'b.png': await png(24, 20) })

  const learned = await energia(fitArgs(bad['good.npy'], '--out', run))
  expect(learned).toMatchObject({ code: 0 })
  const coded = await energia(['encode', run, '--data', bad['good.npy'], '--out', codes])
  expect(coded).toMatchObject({ code: 0 })
}, 120_000)

describe('data', () => {
  it.each<[file: string, sentence: RegExp]>([
    ['empty.npy', /empty\.npy is empty/],
    ['cut.npy', /cut\.npy .*(promise|ends|holds)/],
    ['more.npy', /more\.npy .*(promise|ends|holds)/],
    ['overflow.npy', /overflow\.npy .*(promise|more|cannot)/],
    ['none.npy', /none\.npy holds no observations/],
    ['nan.npy', /nan\.npy holds NaN.*[Rr]emove or replace/],
    ['infinite.npy', /infinite\.npy holds an infinite number/],
    ['text.npy', /text\.npy is not of a kind that can be read.*named \.npy/],
    ['cut.idx', /cut\.idx .*(promise|ends|holds)/],
    ['overflow.idx', /overflow\.idx .*(promise|more|cannot)/],
    ['empty.idx', /empty\.idx is empty/],
    ['corrupt.idx.gz', /corrupt\.idx\.gz/],
    ['cut.idx.gz', /cut\.idx\.gz/],
    ['empty.parquet', /empty\.parquet is empty/],
    ['cut.parquet', /cut\.parquet/],
    ['empty.npz', /empty\.npz is empty/],
    ['cut.npz', /cut\.npz/],
    ['text.npz', /text\.npz is not of a kind|text\.npz .*(archive|zip)/],
    ['empty.png', /empty\.png is empty/],
    ['cut.png', /cut\.png is a damaged image/],
    ['text.png', /text\.png is not of a kind/],
  ])('%s', async (file, sentence) => {
    await refused(fitArgs(bad[file]), 1, sentence)
  })

  it('is told by what it is, not by its name', async () => {
    const outcome = await energia(fitArgs(bad['named.parquet'], '--out', at('told')))
    expect(outcome).toMatchObject({ code: 0, stderr: '' })
    await refused(['encode', run, '--data', bad['named.idx'], '--out', at('x.npz')], 1, /20×20.*this model codes 6/)
  })

  it('that is missing is refused with what there is', async () => {
    await refused(fitArgs(at('absent.npy')), 1, /There is no file or folder .*absent\.npy.*digits/)
    await refused(fitArgs('digitz'), 2, /did you mean digits\?/)
  })

  it('has arrays to choose from, or takes no --array', async () => {
    const { 'good.npy': good } = bad
    const sentence = /has no array or column "x" to choose, as npz and Parquet files have; leave --array or #x out/
    await refused(fitArgs(good, '--array', 'x'), 2, sentence)
    await refused(fitArgs(`${good}#x`), 2, sentence)
    await refused(fitArgs('digits', '--array', 'x'), 2, sentence)
    await refused(['encode', run, '--data', good, '--array', 'x', '--out', at('x.npz')], 2, sentence)
    await refused(['energy', run, '--data', '-', '--array', 'x'], 2, /Standard input has no array/)
    await refused(
      ['energy', run, '--data', `${fixture('several.npz')}#first`, '--array', 'second'],
      2,
      /leave one of them/,
    )
  })

  it('images of unequal sizes need patches', async () => {
    await refused(fitArgs(mixed), 1, /unequal sizes: a\.png is 20×20, b\.png is 24×20.*--patch/)
  })

  it('images smaller than a patch are named', async () => {
    await refused(
      fitArgs(mixed, '--patch', '22'),
      1,
      /a\.png is 20×20 .*smaller than a patch of 22×22.*[Uu]se smaller patches/,
    )
  })

  it('large images need --patch', async () => {
    await refused(fitArgs('photographs'), 2, /say how large the patches.*--patch 16/)
  })

  it('observations take no options of images', async () => {
    for (const option of [
      ['--patch', '2'],
      ['--patches-per-epoch', '9'],
      ['--whiten', 'olshausen'],
      ['--contrast', 'local'],
    ]) {
      await refused(fitArgs(bad['good.npy'], ...option), 2, new RegExp(`holds observations of 6.*${option[0]}`))
    }
  })
})

describe('options', () => {
  it.each(['0', '-1', 'abc', '1e400', 'NaN', 'Infinity', '', '0x10', '1,5'])(
    '--lambda %j is refused',
    async (lambda) => {
      await refused(
        ['fit', 'sparse-coding', '--data', bad['good.npy'], '--lambda', lambda, '--out', at('new')],
        2,
        /'--lambda <number>' argument '.*' is invalid\. .*xpected a number above 0/,
        /--help/,
      )
    },
  )

  it.each([
    [['--atoms', '0'], /'--atoms <n>'.*whole number, 1 or more/],
    [['--atoms', '2.5'], /'--atoms <n>'.*whole number, 1 or more/],
    [['--lambda-ratio', '1'], /'--lambda-ratio <share>'.*between 0 and 1/],
    [['--epochs', '-3'], /'--epochs <n>'.*whole number, 1 or more/],
    [['--seconds', '0'], /'--seconds <number>'.*above 0/],
    [['--threads', '0'], /'--threads <n>'.*from 1 to 256/],
    [['--seed', '-1'], /'--seed <n>'.*0 or more/],
    [['--patch', '16by16'], /'--patch <size>'.*as in 16, or/],
    [['--regularizer', 'l7'], /Allowed choices are l1, weighted-l1/],
    [['--whiten', 'pca'], /Allowed choices are none, olshausen, zca/],
    [['--lamda', '1'], /unknown option '--lamda'\s+\(Did you mean --lambda\?\)/],
  ])('%j is refused', async (options, sentence) => {
    await refused(fitArgs(bad['good.npy'], ...options), 2, sentence, /--help/)
  })

  it.each([
    [['--lambda-ratio', '0.5'], /either --lambda or --lambda-ratio/],
    [['--active', '3'], /--active goes with --regularizer top-k, not with l1/],
    [['--regularizer', 'top-k', '--active', '3'], /top-k has no λ: leave --lambda out/],
    [['--regularizer', 'group'], /group needs --group-size/],
    [['--regularizer', 'weighted-l1', '--weights', 'WEIGHTS'], /shape \[40, 6\].*one weight for each of the 6 atoms/],
    [['--resume', '--overwrite'], /resumed or overwritten, not both/],
    [['--patience', '3'], /--held-out as well/],
    [['--held-out', '1.5'], /a share between 0 and 1; got 1\.5/],
    [['--held-out', 'OTHER'], /observations of 5, and --data those of 6/],
    [['--atoms', '100000000'], /100000000 atoms.*use fewer atoms/],
  ])('%j is refused', async (options, sentence) => {
    const filled = options.map((word) => ({ WEIGHTS: bad['good.npy'], OTHER: bad['other.npy'] })[word] ?? word)
    await refused(fitArgs(bad['good.npy'], ...filled), 2, sentence)
  })

  it('a missing λ is asked for by the names of the options', async () => {
    await refused(
      ['fit', 'sparse-coding', '--data', bad['good.npy'], '--out', at('new')],
      2,
      /--lambda 1, or --lambda-ratio/,
    )
  })

  it('a misspelt option is called misspelt, not missing', async () => {
    await refused(['fit', 'sparse-coding', '--dat', 'digits', '--out', at('new')], 2, /Did you mean --data\?/, /--help/)
    await refused(['fit', 'sparse-coding', '--out', at('new')], 2, /'--data <source>' not specified/, /--help/)
  })

  it('an empty text, what an unset variable leaves, is told of and not taken for a name', async () => {
    const empty = /option '--out <.*>' is given nothing; write what it is, or leave it out/
    await refused(['lecture', '--only', 'strokes', '--out', ''], 2, empty, /--help/)
    await refused(['encode', run, '--data', bad['good.npy'], '--out', ''], 2, empty, /--help/)
    await refused(['fit', 'sparse-coding', '--data', '', '--out', at('new')], 2, /'--data <source>' is given/, /--help/)
    await refused(['show', ''], 2, /argument 'run' is empty/, /--help/)
  })

  it('a misspelt command is suggested', async () => {
    await refused(['encod', run], 2, /unknown command 'encod'\s+\(Did you mean encode\?\)/, /--help/)
  })

  it('a pattern that the shell expanded is recognized', async () => {
    await refused([...fitArgs('a.png'), 'b.png'], 2, /too many arguments.*\s.*Quote a pattern/, /--help/)
  })
})

describe('a model', () => {
  it('that is missing or damaged is refused', async () => {
    const damaged = at('damaged')
    mkdirSync(damaged)
    const config = readFileSync(join(run, 'config.json'), 'utf8')
    writeFileSync(join(damaged, 'config.json'), config)
    await refused(['show', at('absent')], 1, /absent is not a run folder.*[Cc]heck the path/)
    await refused(['show', damaged], 1, /no model\.safetensors: its learning has not finished.*--resume/)
    const model = new Uint8Array(readFileSync(join(run, 'model.safetensors')))
    for (const content of ['', 'no tensors', model.subarray(0, model.length - 8)]) {
      writeFileSync(join(damaged, 'model.safetensors'), content)
      await refused(['encode', damaged, '--data', bad['good.npy'], '--out', at('x.npz')], 1, /model\.safetensors/)
    }
    const promising = model.slice()
    promising.set([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f])
    writeFileSync(join(damaged, 'model.safetensors'), promising)
    await refused(['show', damaged], 1, /model\.safetensors/)
    writeFileSync(join(damaged, 'config.json'), config.replace('"version": 1', '"version": 2'))
    await refused(['show', damaged], 1, /version 2, and this Energia reads up to version 1; update Energia/)
    await refused(fitArgs(bad['good.npy'], '--out', damaged, '--resume'), 1, /version 2/)
  })

  it('refuses observations of another shape', async () => {
    const { 'other.npy': other } = bad
    for (const command of ['encode', 'energy']) {
      await refused(
        [command, run, '--data', other, '--out', at(command === 'encode' ? 'x.npz' : 'x.csv')],
        1,
        /observations of 5, but this model codes 6/,
      )
    }
  })

  it('refuses solvers that cannot serve its regularizer, and says which can', async () => {
    await refused(
      ['encode', run, '--data', bad['good.npy'], '--solver', 'omp', '--out', at('x.npz')],
      2,
      /omp cannot serve the regularizer l1; active-set, coordinate-descent, fista, ista can/,
    )
  })

  it('refuses codes of another model, or none', async () => {
    const wide = at('wide')
    expect(await energia(fitArgs(bad['good.npy'], '--atoms', '7', '--out', wide))).toMatchObject({ code: 0 })
    const decode = (model: string, file: string, out: string) => ['decode', model, '--codes', file, '--out', at(out)]
    await refused(decode(wide, codes, 'x.npy'), 1, /codes of 6 numbers, but this model's have 7/)
    await refused(decode(run, fixture('stored.npz'), 'x.npy'), 1, /stored\.npz does not hold usable codes/)
    await refused(decode(run, bad['cut.npz'], 'x.npy'), 1, /cut\.npz/)
    await refused(decode(run, at('absent.npz'), 'x.npy'), 1, /absent\.npz cannot be read: there is no such file/)
    await refused(decode(run, codes, 'pictures'), 1, /Observations of 6 are no pictures.*\.npy/)
  })
})

describe('results', () => {
  it('a run that has finished needs --overwrite', async () => {
    await refused(fitArgs(bad['good.npy'], '--out', run), 2, /holds a finished run already; pass --overwrite/)
    await refused(fitArgs(bad['good.npy'], '--out', run, '--resume'), 2, /finished run, which leaves nothing to resume/)
    await refused(fitArgs(bad['good.npy'], '--out', mixed, '--overwrite'), 1, /not of a run.*choose another folder/)
    await refused(fitArgs(bad['good.npy'], '--out', bad['good.npy']), 1, /good\.npy is a file where a folder is needed/)
  })

  it('files that are there need --overwrite', async () => {
    const { 'good.npy': data } = bad
    await refused(['encode', run, '--data', data, '--out', codes], 2, /codes\.npz is there already; pass --overwrite/)
    await refused(['decode', run, '--codes', codes, '--out', data], 2, /good\.npy is there already; pass --overwrite/)
    await refused(['decode', run, '--codes', codes, '--out', mixed], 2, /mixed holds files already; pass --overwrite/)
    await refused(['show', run, '--out', bad['small.png']], 2, /small\.png is there already; pass --overwrite/)
    await refused(
      ['encode', run, '--data', data, '--out', mixed],
      2,
      /mixed is a folder; give --out the name of a file/,
    )
    await refused(['energy', run, '--data', data, '--out', at('x.txt')], 2, /ends in \.csv or \.npy; got .*x\.txt/)
    await refused(['encode', run, '--data', data, '--out', at('x.csv')], 2, /ends in \.npz, not .*x\.csv/)
    await refused(['lecture', '--only', 'convergence', '--out', mixed], 2, /holds something else than a lecture/)
    await refused(['show', run, '--out', at('x.gif')], 2, /ends in \.png, \.svg or \.html; got .*x\.gif/)
  })

  it('are replaced with --overwrite, and --overwrite alone keeps a run whose new data is bad', async () => {
    await refused(fitArgs(bad['nan.npy'], '--out', run, '--overwrite', '--centre'), 1, /NaN/)
    const outcome = await energia(['encode', run, '--data', bad['good.npy'], '--out', codes, '--overwrite'])
    expect(outcome).toMatchObject({ code: 0 })
  })

  it.runIf(process.platform !== 'win32')('a disk that is full leaves nothing half-written', async () => {
    const { large } = files(folder, { large: npy([4000, 6]) })
    const before = contentsOf(folder)
    const main = await builtCli()
    for (const [command, name] of [
      ['encode', 'full.npz'],
      ['energy', 'full.csv'],
    ]) {
      // A limit of 20 kB a file stands for the full disk.
      const line = `ulimit -f 40; exec "${process.execPath}" "${main}" ${command} "${run}" --data "${large}" --out "${at(name)}"`
      const { status, stderr } = spawnSync('sh', ['-c', line], { encoding: 'utf8' })
      expect({ status, stderr }).toEqual({
        status: 1,
        stderr: expect.stringMatching(/full\.\w+ cannot be written: .*disk/),
      })
      expect(contentsOf(folder)).toEqual(before)
    }
  })

  it('a place that cannot be written is refused before work begins', async () => {
    const below = join(bad['good.npy'], 'x.npz')
    await refused(['encode', run, '--data', bad['good.npy'], '--out', below], 1, /cannot be written/)
    await refused(
      fitArgs(bad['good.npy'], '--out', join(bad['good.npy'], 'run')),
      1,
      /a file where a folder is needed|part of its path is a file/,
    )
    if (existsSync('/proc/self')) {
      await refused(
        ['encode', run, '--data', bad['good.npy'], '--out', '/proc/x.npz'],
        1,
        /\/proc\/x\.npz cannot be written/,
      )
    }
  })
})

describe('constant observations', () => {
  it('have code 0 and a stated energy', async () => {
    const { zero, ones } = files(folder, {
      zero: npy([20, 6], Array(120).fill(0)),
      ones: npy([20, 6], Array(120).fill(3)),
    })
    for (const [data, energy] of [
      [zero, '0'],
      [ones, '0'],
    ] as const) {
      const out = at(`constant-${data === zero ? 0 : 1}`)
      expect(await energia(fitArgs(data, '--centre', '--out', out))).toMatchObject({ code: 0 })
      const { code, stdout } = await energia(['energy', out, '--data', data])
      expect(code).toBe(0)
      const lines = stdout.trimEnd().split('\n')
      expect(lines).toHaveLength(21)
      for (const line of lines.slice(1)) expect(line).toMatch(new RegExp(`^\\d+,${energy},0,0,converged$`))
    }
  })
})
