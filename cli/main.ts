#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { CommanderError } from 'commander'
import { complain } from './complaint.js'
import { energia } from './program.js'

/**
 * The command line. Exit codes: 0 done, 1 failed, 2 wrong usage, 130 stopped by Ctrl-C. Only what `--help` needs is loaded here;
 * each command loads the rest when it runs.
 */
async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--no-color')) process.env.NO_COLOR = '1'
  const debug = args.includes('--debug')
  process.on('uncaughtException', (error) => process.exit(complain(error, { debug })))
  try {
    await energia(packageVersion()).parseAsync(args, { from: 'user' })
    return 0
  } catch (error) {
    // Commander has said what is wrong, or printed the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    return complain(error, { debug, json: args.includes('--json') })
  }
}

/** From the package.json nearest above this file, which is two folders up when built. */
function packageVersion(): string {
  const file = new URL('../../package.json', import.meta.url)
  const { version }: { version: string } = JSON.parse(readFileSync(file, 'utf8'))
  return version
}

process.exitCode = await main(process.argv.slice(2))
