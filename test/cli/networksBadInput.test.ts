import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { energia } from './built.js'
import { commands } from './command.js'
import { energies } from './energies.js'
import { contentsOf, files, npy, temporaryFolder } from './support.js'

const { command } = commands()
const folder = temporaryFolder()
const at = (...parts: string[]) => join(folder, ...parts)
const data = files(folder, {
  'pictures.npy': npy(
    [30, 4, 4],
    Array.from({ length: 480 }, (_, i) => (Math.sin(i) + 1) / 2),
  ),
  'copy.npy': npy([3, 4, 4], new Array(48).fill(0.5)),
  'dark.npy': npy([3, 4, 4], new Array(48).fill(-1)),
  'points.npy': npy([30, 2]),
  'atoms.npy': npy([6, 4, 4]),
  'wide.npy': npy([30, 3]),
  'odd.npy': npy([30, 5, 5]),
  ...energies,
})
const { 'pictures.npy': pictures, 'points.npy': points } = data

/** Expects a command to be refused with a sentence, and to leave everything as it was. */
async function refused(args: readonly string[], message: RegExp, name = 'ConfigurationError'): Promise<void> {
  const before = contentsOf(folder)
  await expect(command(...args)).rejects.toMatchObject({ name, message: expect.stringMatching(message) })
  expect(contentsOf(folder)).toEqual(before)
}

describe('an energy that cannot be used is refused', () => {
  const fitted = (file: string, source = points) => [
    ...['fit', 'latent-variable', '--energy', file, '--data', source, '--out', at('no')],
  ]
  it.each([
    ['rank.mjs', /decoder "flat" returned the shape \[n\]; \[n(×|, ?)2\] is expected/, 'ShapeError'],
    ['batch.mjs', /decoder "mean" returned.*Its first axis must stay the batch/, 'ShapeError'],
    ['mixed.mjs', /decoder mixes the rows/, 'ShapeError'],
    ['thrown.mjs', /A function of .*thrown\.mjs failed: /, 'ConfigurationError'],
    ['broken.mjs', /broken\.mjs cannot be run/, 'ConfigurationError'],
    ['bare.mjs', /must export the options.*it exports no default/, 'ConfigurationError'],
    ['import.mjs', /import\.mjs imports what is not there.*is given it/, 'ConfigurationError'],
    ['misspelt.json', /misspelt\.json: decoder: hidden must be a list of sizes/, 'ConfigurationError'],
    [
      'activation.json',
      /decoder\.activaton is not a known setting; linear has inputs, outputs, bias/,
      'FileFormatError',
    ],
    ['option.json', /option\.json: seed is not a known field/, 'FileFormatError'],
    ['unfitting.json', /unfitting\.json: The decoder \(linear\) gives 3, but y is 2/, 'ShapeError'],
    ['kind.json', /kind\.json: decoder: There is no module "transformer"; there are linear, mlp/, 'ConfigurationError'],
    ['text.json', /text\.json is not valid JSON/, 'FileFormatError'],
  ] as const)('%s', (file, message, name) => refused(fitted(data[file]), message, name))

  it('where the file is not there, is of no kind, or none is named', async () => {
    await refused(fitted(at('none.json')), /none\.json is no file/, 'FileFormatError')
    await refused(fitted(points), /ends in \.json, \.js, \.mjs, \.ts or \.mts/)
    await refused(['fit', 'latent-variable', '--data', points, '--out', at('no')], /with --energy FILE/)
  })

  it('where data has another shape, with both', () =>
    refused(fitted(data['curve.json'], data['wide.npy']), /gives y of 3, and the energy has y of 2/, 'ShapeError'))

  it.runIf(Number(process.versions.node.split('.')[0]) < 22)('where it is TypeScript and Node is too old', async () => {
    writeFileSync(at('energy.ts'), energies['circle.mjs'])
    const { code, stderr } = await energia(fitted(at('energy.ts')))
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(
        /^energia: .*energy\.ts is TypeScript, which Node .* does not run: use Node 22\.18 or newer/,
      ),
    })
  })
})

describe('options that do not go together are refused', () => {
  const vae = (...more: string[]) => ['fit', 'vae', '--data', pictures, '--out', at('no'), ...more]
  const lista = (...more: string[]) => ['fit', 'lista', '--data', pictures, '--out', at('no'), ...more]
  it.each([
    [vae('--variance', '2'), /variance is the Gaussian/],
    [vae('--cut', '4'), /--cut must leave some of their 4 rows for y/],
    [vae('--channels', '4,4,4'), /halve a picture's sides/],
    [vae('--optimizer', 'sgd'), /sgd needs a --learning-rate/],
    [lista(), /--dictionary RUN, or --atoms 256 --lambda 1/],
    [lista('--atoms', '4'), /lambda is missing/],
    [lista('--atoms', '4', '--lambda', '1', '--encoder', 'linear-shrink', '--steps', '2'), /for the encoder lista/],
    [lista('--dictionary', at('none')), /none is not there/],
    [lista('--dictionary', data['atoms.npy']), /needs lambda/],
    [lista('--dictionary', data['atoms.npy'], '--lambda', '1', '--centre'), /beside --dictionary/],
    [vae('--patience', '2'), /--patience counts epochs.*--held-out/],
  ] as const)('%s', (args, message) => refused(args, message))

  it('and so are values that are no numbers', async () => {
    await expect(command(...vae('--variance', 'large'))).rejects.toThrow(/number above 0, or learned/)
    await expect(command(...vae('--hidden', '3,,4'))).rejects.toThrow(/commas between/)
  })

  it('and a device that is not here, with those that are', async () => {
    await expect(command(...vae('--device', 'tpu'))).rejects.toThrow(/cpu, cuda, webgpu/)
    // A machine with a GPU has it, and learns.
    const outcome = await command(...vae('--device', 'webgpu', '--epochs', '1', '--latent', '2')).catch(String)
    expect(outcome).toMatch(/The device "webgpu" is not available.*Available: cpu|The model is in/s)
  })
})

describe('with a learned model', () => {
  const run = at('vae')
  beforeAll(async () => {
    const { energia: program } = await import('../../cli/program.js')
    const fit = ['fit', 'vae', '--data', pictures, '--latent', '2', '--hidden', '4', '--epochs', '1', '--out', run]
    vi.spyOn(process.stdout, 'write').mockReturnValue(true)
    await program().parseAsync(fit, { from: 'user' })
  })

  it('data of another shape is refused with both', () =>
    refused(['encode', run, '--data', data['odd.npy'], '--out', at('no.npz')], /y of 5×5.*y of 4×4/, 'ShapeError'))

  it('numbers outside of 0 to 1 are refused for coin flips', () =>
    refused(['fit', 'vae', '--data', points, '--latent', '2', '--out', at('no')], /0.*1/, 'DataError'))

  it('options of other models are refused', async () => {
    await refused(['energy', run, '--data', pictures, '--solver', 'fista'], /vae takes no --solver/)
    await refused(['export', run, '--onnx', '--steps', '3', '--out', at('no')], /come from its encoder/)
    await refused(['show', run, '--energy', data['curve.json']], /--energy names the functions/)
  })

  it('what is read is not written over', async () => {
    const again = ['--overwrite', '--out']
    await refused(['energy', run, '--data', data['copy.npy'], ...again, data['copy.npy']], /is what is read from/)
    await refused(['export', run, '--onnx', ...again, run], /is the folder of a run, whose files would be replaced/)
    const lista = ['fit', 'lista', '--data', pictures, '--dictionary', run, ...again, join(run, '.')]
    await refused(lista, /is what is read from/)
  })

  it('energies of data that is refused leave no header on standard output', async () => {
    const written = vi.mocked(process.stdout.write)
    await refused(['energy', run, '--data', data['dark.npy']], /0 to 1|from 0/, 'DataError')
    expect(written.mock.calls.join('')).toBe('')
  })

  it('held-out data that is out of range leaves the old run', () =>
    refused(
      ['fit', 'vae', '--data', pictures, '--held-out', data['dark.npy'], '--latent', '2', '--out', run, '--overwrite'],
      /Held-out observations/,
      'DataError',
    ))

  it('a damaged model is a sentence', async () => {
    const file = join(run, 'model.safetensors')
    const whole = readFileSync(file)
    for (const damaged of [whole.subarray(0, whole.length / 2), whole.subarray(0, 4), Buffer.from('no tensors')]) {
      writeFileSync(file, damaged)
      await refused(['show', run], /model\.safetensors/, 'FileFormatError')
    }
    writeFileSync(file, whole)
    expect(existsSync(at('no'))).toBe(false)
  })
})
