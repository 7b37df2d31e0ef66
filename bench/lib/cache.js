import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { readNpy, writeNpy } from './npy.js'

/** @typedef {import('./objective.js').Tensor} Tensor */

const folder = fileURLToPath(new URL('../.cache/', import.meta.url))

/** Where a cached dictionary lies. @param {string} name */
export function atomsPath(name) {
  return `${folder}${name}.npy`
}

/**
 * A dictionary learned once and kept under a name; learned again when `recipe` (what it was learned with) changes.
 * @param {string} name
 * @param {Record<string, unknown>} recipe
 * @param {() => Promise<Tensor>} learn
 * @returns {Promise<Tensor>}
 */
export async function cachedAtoms(name, recipe, learn) {
  const wanted = JSON.stringify(recipe)
  const path = atomsPath(name)
  if ((await readFile(`${path}.json`, 'utf8').catch(() => '')) === wanted) {
    const { shape, data } = await readNpy(path)
    return { shape, data: Float32Array.from(data) }
  }
  const atoms = await learn()
  await mkdir(folder, { recursive: true })
  await writeNpy(`${path}.partial`, atoms.shape, atoms.data)
  await rename(`${path}.partial`, path)
  await writeFile(`${path}.json`, wanted)
  return atoms
}
