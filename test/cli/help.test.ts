import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { bash } from '../../cli/completion/bash.js'
import { grammar } from '../../cli/completion/grammar.js'
import { energia as define } from '../../cli/program.js'
import { builtCli, energia } from './built.js'
import { temporaryFolder } from './support.js'

const program = () => define('1.2.3')

/** Every command with the words that lead to it, the program first. */
function walk(command: Command, path: readonly string[] = []): { command: Command; path: readonly string[] }[] {
  return [{ command, path }, ...command.commands.flatMap((each) => walk(each, [...path, each.name()]))]
}

/** The words of a line as a shell takes them. */
const words = (line: string): string[] =>
  Array.from(line.matchAll(/'([^']*)'|(\S+)/g), ([, quoted, plain]) => quoted ?? plain)

describe('help', () => {
  it('of every command shows an example, and exits with 0', async () => {
    for (const { path } of walk(program())) {
      const { code, stdout, stderr } = await energia([...path, '--help'])
      expect({ path, code, stderr }).toEqual({ path, code: 0, stderr: '' })
      expect(stdout).not.toMatch(/default: [[{]/) // defaults are written as they are typed
      expect(stdout).toMatch(new RegExp(`Examples:\\n +\\$ energia ${path.join(' ')}`))
      for (const line of stdout.split('\n'))
        if (!line.includes('$ energia')) expect(line.length).toBeLessThanOrEqual(120)
    }
  })

  it('gives examples that parse, with all that their commands need', async () => {
    const { stdout } = await energia(['--help'])
    const texts = [stdout]
    for (const { path } of walk(program())) texts.push((await energia([...path, '--help'])).stdout)
    const examples = new Set(
      texts.flatMap((text) => Array.from(text.matchAll(/^ +\$ energia (.*)$/gm), ([, line]) => line)),
    )
    expect(examples.size).toBeGreaterThan(12)
    for (const example of examples) {
      const line = words(example.replace(/ >.*$/, ''))
      if (line.includes('--help')) continue
      const fresh = program()
      let given: Record<string, unknown> | undefined
      let needed: string[] = []
      for (const { command } of walk(fresh)) {
        command.action(() => {
          given = command.opts()
          needed = command.options
            .filter((option) => option.description.endsWith('(required)'))
            .map((option) => option.attributeName())
        })
      }
      await fresh.parseAsync(line, { from: 'user' })
      expect(Object.keys(given ?? {}), example).toEqual(expect.arrayContaining(needed))
    }
  })

  it('is shown with exit code 2 where no command is given', async () => {
    expect(await energia([])).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('Usage: energia') })
  })

  it('and --version load nothing but commander', async () => {
    const main = await builtCli()
    const seen = new Set<string>()
    const visit = (file: string): void => {
      if (seen.has(file)) return
      seen.add(file)
      for (const [, from] of readFileSync(file, 'utf8').matchAll(/^(?:import|export) .*?from '([^']+)'/gm)) {
        if (from.startsWith('.')) visit(join(dirname(file), from))
        else expect(from).toMatch(/^(node:|commander$)/)
      }
    }
    visit(main)
    expect(seen.size).toBeGreaterThan(8)
    for (const file of seen) expect(file).toContain(join('dist', 'cli'))
    const { version } = JSON.parse(readFileSync(join(main, '..', '..', '..', 'package.json'), 'utf8'))
    expect(await energia(['--version'])).toMatchObject({ code: 0, stdout: `${version}\n` })
  })
})

describe('completion', () => {
  it.each(['bash', 'zsh', 'fish'])('prints a script for %s with every command and option', async (shell) => {
    const { code, stdout } = await energia(['completion', shell])
    expect(code).toBe(0)
    for (const { options, commands } of grammar(program())) {
      for (const { name } of commands) expect(stdout).toContain(name)
      for (const { names } of options) expect(stdout).toContain(shell === 'fish' ? `-l ${names[0].slice(2)}` : names[0])
    }
  })

  it('refuses other shells with those that it knows', async () => {
    expect(await energia(['completion', 'tcsh'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('bash, zsh, fish'),
    })
  })

  it.runIf(existsSync('/bin/bash'))('completes commands, options and values in bash', () => {
    const folder = temporaryFolder()
    const complete = (...line: string[]): string[] => {
      const script = `${bash(grammar(program()))}
COMP_WORDS=(${line.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${line.length - 1}; _energia; printf '%s\\n' "\${COMPREPLY[@]}"`
      const { stdout, stderr } = spawnSync('/bin/bash', ['--norc', '-c', script], { cwd: folder, encoding: 'utf8' })
      expect(stderr).toBe('')
      return stdout.trim().split('\n')
    }
    expect(complete('energia', 'en')).toEqual(['encode', 'energy'])
    expect(complete('energia', 'fit', '')).toEqual([
      'sparse-coding',
      'conv-sparse-coding',
      'conv-autoencoder',
      'lista',
      'psd',
      'vae',
      'latent-variable',
      'help',
    ])
    expect(complete('energia', 'fit', 'sparse-coding', '--lam')).toEqual(['--lambda', '--lambda-ratio'])
    expect(complete('energia', 'fit', 'sparse-coding', '--whiten', '')).toEqual(['none', 'olshausen', 'zca'])
    expect(complete('energia', 'encode', 'runs/strokes', '--solver', 'f')).toEqual(['fista'])
    expect(complete('energia', 'fit', 'vae', '--co')).toEqual(['--colour', '--cost'])
    expect(complete('energia', 'fit', 'lista', '--encoder', 'linear')).toEqual(['linear-shrink', 'linear-tanh-gain'])
    expect(complete('energia', 'fit', 'psd', '--device', '')).toEqual(['cpu', 'cuda', 'webgpu'])
    expect(complete('energia', 'fit', 'sparse-coding', '--out', '')).toEqual(['']) // bash offers files
  })
})
