import { cachedAtoms } from './cache.js'
import { patchSource } from './data.js'
import { learn } from './ours.js'

/**
 * Unit atoms [count, 16, 16] learned by us from patches of the embedded photographs, once.
 * @param {number} count
 * @param {{ threads: readonly number[], say: (line: string) => void }} job
 */
export function photographAtoms(count, { threads, say }) {
  const recipe = { data: 'photographs', patches: 50_000, atoms: count, lambda: 0.1, epochs: 3, seed: 0 }
  return cachedAtoms(`photographs-${count}`, recipe, async () => {
    say(`Learning ${count} atoms from photographs (once) …`)
    const patches = (await patchSource(1))(recipe.patches)
    const { lambda, epochs } = recipe
    return (await learn(patches, { atoms: count, lambda, epochs, threads: Math.max(...threads) })).atoms
  })
}
