#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { CommanderError } from 'commander'
import { askedHelp } from './askedHelp.js'
import { complain, complainOfUsage } from './complaint.js'
import { energia } from './program.js'

/**
 * The command line. Exit codes: 0 done, 1 failed, 2 wrong usage, 130 stopped by Ctrl-C. Only what `--help` needs is loaded here;
 * each command loads the rest when it runs.
 */
async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--no-color')) process.env.NO_COLOR = '1'
  const options = { debug: args.includes('--debug'), json: args.includes('--json') }
  process.on('uncaughtException', (error) => process.exit(complain(error, options)))
  try {
    const program = energia(packageVersion())
    await program.parseAsync(askedHelp(program, args), { from: 'user' })
    return 0
  } catch (error) {
    return error instanceof CommanderError ? complainOfUsage(error, options) : complain(error, options)
  }
}

/** From the package.json nearest above this file, which is two folders up when built. */
function packageVersion(): string {
  const file = new URL('../../package.json', import.meta.url)
  const { version }: { version: string } = JSON.parse(readFileSync(file, 'utf8'))
  return version
}

process.exitCode = await main(process.argv.slice(2))
