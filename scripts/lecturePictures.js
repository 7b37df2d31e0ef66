#!/usr/bin/env node
/**
 * Makes the pictures of README.md and docs/ from a lecture: node scripts/lecturePictures.js FOLDER, where FOLDER is what
 * `energia lecture --out FOLDER` left. A picture is one of the lecture's, or several in a row, brought to one height, on white.
 */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'

/** Each picture with those of the lecture that it is made of, rows of them, and the height of a row in pixels. */
const pictures = {
  'strokes-and-edges.png': { rows: [['strokes.png', 'edges.png']], height: 589 },
  'landscapes.png': {
    rows: [
      ['landscape-0.png', 'landscape-0.002.png'],
      ['landscape-0.004.png', 'landscape-0.01.png'],
    ],
    height: 440,
  },
  'completions.png': { rows: [['completions-1.png']], height: 0 },
  'pieces.png': { rows: [['piecewise-plane.png', 'piecewise-path.png']], height: 360 },
  'normalization.png': { rows: [['normalization.png']], height: 360 },
  'convergence.png': { rows: [['convergence.png', 'convergence-rates.png']], height: 330 },
  'encoder-and-decoder.png': { rows: [['psd-decoder.png', 'psd-encoder.png']], height: 0 },
  'lista.png': { rows: [['lista-race.png']], height: 400 },
  'autoencoder.png': { rows: [['autoencoder.png']], height: 0 },
  'convolution.png': { rows: [['convolution-codes.png']], height: 0 },
  'vae.png': { rows: [['vae-samples.png'], ['vae-reconstructions.png']], height: 0 },
  'springs.png': {
    rows: [
      ['balls-none.png', 'balls-too-weak.png'],
      ['balls-right.png', 'balls-too-strong.png'],
    ],
    height: 440,
  },
}
const GAP = 20

const [folder] = process.argv.slice(2)
if (!folder || !existsSync(join(folder, 'index.html'))) {
  console.error('Give the folder of a lecture: node scripts/lecturePictures.js lecture')
  process.exit(2)
}
const out = join(dirname(dirname(fileURLToPath(import.meta.url))), 'docs', 'pictures')

/**
 * Pictures beside one another at one height; 0 leaves them as they are.
 * @param {readonly string[]} files @param {number} height
 */
async function row(files, height) {
  const parts = await Promise.all(
    files.map((file) => {
      const picture = sharp(join(folder, file)).flatten({ background: '#fff' })
      return (height > 0 ? picture.resize({ height }) : picture).png().toBuffer({ resolveWithObject: true })
    }),
  )
  let left = 0
  const placed = parts.map(({ data, info }) => {
    const at = { input: data, left, top: 0 }
    left += info.width + GAP
    return at
  })
  return { placed, width: left - GAP, height: Math.max(...parts.map(({ info }) => info.height)) }
}

for (const [name, { rows, height }] of Object.entries(pictures)) {
  const missing = rows.flat().filter((file) => !existsSync(join(folder, file)))
  if (missing.length > 0) {
    console.error(`${name} is left as it is: the lecture has no ${missing.join(', ')}.`)
    continue
  }
  const laid = await Promise.all(rows.map((files) => row(files, height)))
  let top = 0
  const parts = laid.flatMap((each) => {
    const moved = each.placed.map((part) => ({ ...part, top }))
    top += each.height + GAP
    return moved
  })
  const width = Math.max(...laid.map((each) => each.width))
  await sharp({ create: { width, height: top - GAP, channels: 3, background: '#fff' } })
    .composite(parts)
    .png({ palette: true, colours: 128, effort: 10 })
    .toFile(join(out, name))
  console.log(name)
}
