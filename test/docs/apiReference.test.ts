import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { apiPage } from '../../scripts/apiReference.js'
import { declarationsOf, exportsOf } from '../../scripts/declarations.js'
import * as energia from '../../src/index.js'
import { builtCli } from '../cli/built.js'
import { root } from './programs.js'

describe('declarations', () => {
  it('are read with their comments, overloads one by one', () => {
    const text = `import type { A } from './a.js';
/** What is
 * made. */
export declare function make(a: A, options?: {
    /** How many. */
    readonly many?: number;
}): void;
export declare function make(): void;
interface Hidden {
}
/** A kind. */
export type Kind = 'a'
 | 'b';
export interface Open<T = 1> extends Hidden {
    readonly t: T;
}
`
    const found = declarationsOf(text)
    expect(found.map(({ name, kind, doc }) => [name, kind, doc])).toEqual([
      ['make', 'function', 'What is made.'],
      ['make', 'function', ''],
      ['Kind', 'type', 'A kind.'],
      ['Open', 'interface', ''],
    ])
    expect(found[0].signature).toContain('/** How many. */')
    expect(found[2].signature).toBe("type Kind = 'a'\n | 'b';")
  })
})

describe('the API reference', () => {
  it('has every name that the package exports, with what is said of it', async () => {
    await builtCli()
    const from = join(root, 'dist', 'src')
    const exported = exportsOf(join(from, 'index.d.ts'), { '#views/raster': join(from, 'views', 'svgToPng.node.d.ts') })
    const names = new Set(exported.map(({ name }) => name))
    const missing = Object.keys(energia).filter((name) => name !== 'graph' && !names.has(name))
    expect(missing).toEqual([])
    expect(names.has('graph.gradient')).toBe(true)
    const silent = exported.filter(
      ({ declarations }) => declarations[0].kind === 'function' && declarations.every(({ doc }) => doc === ''),
    )
    expect(silent.map(({ name }) => name)).toEqual([])
    const page = apiPage(exported, from, '1.2.3')
    const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id)
    expect(new Set(ids).size).toBe(ids.length)
    const targets = [...page.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id)
    expect(targets.filter((target) => !ids.includes(target))).toEqual([])
  })
})
