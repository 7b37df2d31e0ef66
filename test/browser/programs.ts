/** What runs in Node and in pages alike, so that both can be held to the same bits. */
import {
  type Codes,
  codesBesideKernels,
  convolutionalSparseCoding,
  deadLeaves,
  denoise,
  digits,
  elasticNet,
  energyOverTime,
  type FitProgress,
  features,
  group,
  highPass,
  inpaint,
  type LinearSolver,
  l0,
  l1,
  linearEncoder,
  loadModel,
  memoryStore,
  mosaic,
  nonNegative,
  openSource,
  photographs,
  plantedCodes,
  type Regularizer,
  type RegularizerKind,
  report,
  rng,
  rows,
  solverByName,
  solverNames,
  sparseCoding,
  type Tensor,
  toPng,
  topK,
  waveforms,
  windows,
  writeNpz,
  writeParquet,
} from 'energia'

/** Numbers as text that two hosts can compare, bit for bit. */
async function digest(...arrays: readonly (Float32Array | Float64Array | Int32Array | Uint8Array)[]): Promise<string> {
  const bytes = arrays.map((array) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength))
  const whole = new Uint8Array(await new Blob(bytes as Uint8Array<ArrayBuffer>[]).arrayBuffer())
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', whole))
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

const digestOfCodes = (codes: Codes): Promise<string> => digest(codes.indptr, codes.indices, codes.values)

/** The README's first program, at a size that a test can wait for, with the model saved in memory and loaded again. */
export async function firstProgram(options: { threads?: number } = {}) {
  const { observations, labels } = await digits()
  const reports: FitProgress[] = []
  const model = await sparseCoding({ atoms: 64, lambda: 1, seed: 3, ...options }).fit(rows(observations, 0, 4000), {
    epochs: 1,
    onProgress: (progress) => {
      reports.push(progress)
    },
  })
  const some = rows(observations, 4000, 4500)
  const { codes, energy, gap, status } = await model.encode(some)
  const picture = mosaic(model.atoms)
  const png = await toPng(picture)

  const store = memoryStore('run')
  await model.save(store)
  const loaded = await loadModel(store)
  const again = await loaded.encode(some)
  const decoded = await loaded.decode(again.codes)
  return {
    digits: await digest(observations.data, labels),
    atoms: await digest(model.atoms.data),
    codes: await digestOfCodes(codes),
    codesOfLoaded: await digestOfCodes(again.codes),
    energy: await digest(energy),
    decoded: await digest(decoded.data),
    worstGap: Math.max(...Array.from(gap!, (value, i) => value / energy[i])),
    converged: status.filter((one) => one === 'converged').length,
    pixels: await digest(picture.pixels),
    pngSignature: Array.from(png.subarray(0, 8)),
    files: await store.list(),
    reports: reports.length,
    seen: reports.at(-1)?.seen,
  }
}

/** The threads that an encoder gets, and why they are not more. */
export async function threadsOffered(threads?: number) {
  const encoder = await linearEncoder({
    atoms: randomTensor(1, [4, 6]),
    regularizer: l1({ lambda: 0.1 }),
    ...(threads === undefined ? {} : { threads }),
  })
  const { threads: count, limitation } = encoder
  encoder.dispose()
  return { threads: count, limitation }
}

/** The energies that every solver reaches for every regularizer that it serves. */
export async function solverEnergies(): Promise<Record<string, number[]>> {
  const atoms = unitRows(randomTensor(7, [24, 10]))
  const observations = randomTensor(8, [40, 10])
  const regularizers: readonly Regularizer[] = [
    l1({ lambda: 0.2 }),
    l1({ lambdaRatio: 0.3 }),
    nonNegative({ lambda: 0.2 }),
    elasticNet({ lambda: 0.2, ridge: 0.1 }),
    group({ lambda: 0.3, groupSize: 4 }),
    topK({ active: 3 }),
    l0({ lambda: 0.1 }),
  ]
  const energies: Record<string, number[]> = {}
  for (const [i, regularizer] of regularizers.entries()) {
    const encoder = await linearEncoder({ atoms, regularizer })
    for (const name of solverNames) {
      const solver = solverFor(name, regularizer.kind)
      if (!solver) continue
      const { energy } = await encoder.encode(observations, { solver, tolerance: 1e-7 })
      energies[`${regularizer.kind} ${i} ${name}`] = Array.from(energy)
    }
    encoder.dispose()
  }
  return energies
}

function solverFor(name: string, kind: RegularizerKind): LinearSolver<RegularizerKind> | undefined {
  try {
    return solverByName(name, kind)
  } catch {
    return undefined
  }
}

/** Patches of photographs, which each host decodes with its own means, and numbers written and read as npz. */
export async function photographsAndFiles() {
  const images = await photographs()
  const image = await images.image(0)
  const model = await sparseCoding({ atoms: 16, lambdaRatio: 0.2, patch: 8, patchesPerEpoch: 512 }).fit(images, {
    epochs: 1,
  })
  const numbers = randomTensor(2, [3, 5])
  const npz = await writeNpz({ numbers: { shape: numbers.shape, data: numbers.data } })
  const opened = await openSource(new Blob([npz as Uint8Array<ArrayBuffer>]))
  const read: number[] = []
  if (opened.kind === 'observations') {
    for await (const batch of opened.observations.batches({ batchSize: 2 })) read.push(...batch.data)
  }
  return {
    shape: image.shape,
    mean: image.data.reduce((sum, value) => sum + value, 0) / image.data.length,
    atoms: model.atoms.shape,
    written: Array.from(numbers.data),
    read,
  }
}

/** An image less its noise, and with its missing pixels: codes up to a residual, and codes under a mask. */
export async function restoredImages() {
  const random = rng(5)
  const striped = Float32Array.from({ length: 900 }, (_, at) => (((at % 30) + Math.floor(at / 30)) % 6) / 6)
  const noisy = { shape: [30, 30], data: striped.map((value) => value + 0.2 * random.uniform() - 0.1) }
  const mask = { shape: [30, 30], data: striped.map(() => (random.uniform() < 0.4 ? 0 : 1)) }
  const denoised = await denoise(noisy, { sigma: 0.06, atoms: 16, patch: 6 })
  const inpainted = await inpaint({ shape: [30, 30], data: striped }, mask, { atoms: 16, patch: 6, passes: 2 })
  return { denoised: await digest(denoised.image.data), inpainted: await digest(inpainted.image.data) }
}

/** A report with a picture and a chart. */
export async function smallReport(): Promise<string> {
  const { observations } = plantedCodes({ atoms: 16, dimension: 64, active: 2, count: 2000, noise: 0.01, seed: 1 })
  const model = await sparseCoding({ atoms: 16, lambda: 0.1, seed: 1 }).fit(observations, { epochs: 3 })
  const at = model.history.map(({ seconds }) => seconds)
  const energy = model.history.map((progress) => progress.energy)
  return report({
    title: 'A small report',
    lead: 'Atoms learned from planted codes.',
    sections: [
      {
        id: 'atoms',
        heading: 'Atoms',
        prose: ['Sixteen atoms of 8×8 numbers.'],
        figures: [
          { caption: 'The atoms', alt: 'Sixteen grey squares.', picture: mosaic(model.atoms, { usage: model.usage }) },
          {
            caption: 'Energy',
            alt: 'A line that falls.',
            svg: await energyOverTime([{ name: 'training', at, energy }]),
          },
        ],
        numbers: [{ label: 'energy', value: energy.at(-1)!, unit: 'an observation' }],
        program: "import { sparseCoding } from 'energia'",
      },
    ],
    environment: { seed: 1 },
  })
}

function randomTensor(seed: number, shape: readonly number[]): Tensor {
  const random = rng(seed)
  const size = shape.reduce((product, side) => product * side, 1)
  return { shape, data: Float32Array.from({ length: size }, () => random.normal()) }
}

function unitRows(tensor: Tensor): Tensor {
  const [count, size] = tensor.shape
  const data = tensor.data.slice()
  for (let i = 0; i < count; i++) {
    const row = data.subarray(i * size, (i + 1) * size)
    const norm = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0))
    for (let p = 0; p < size; p++) row[p] /= norm
  }
  return { shape: tensor.shape, data }
}

/** Kernels of images and of signals, learned, drawn and saved; features of them as a table. */
export async function kernelsAndFeatures() {
  const images = deadLeaves({ width: 24, height: 20, count: 3, seed: 1, colour: true })
  const definition = convolutionalSparseCoding({ kernels: 4, size: 4, lambda: 0.1, transform: [highPass()] })
  const model = await definition.fit(images, { epochs: 1 })
  const store = memoryStore('kernels')
  await model.save(store)
  const loaded = await loadModel(store, { model: 'conv-sparse-coding' })
  const coded: string[] = []
  for await (const { inference, codeShape, shape, context } of loaded.encodeEach(images)) {
    const image = await loaded.decode(inference.codes, { shape, context })
    const picture = codesBesideKernels(inference.codes, codeShape, loaded.kernels)
    coded.push(await digestOfCodes(inference.codes), await digest(image.data, picture.pixels))
  }
  async function* table() {
    for await (const { name, values } of features(loaded, images, { cells: [1, 2] })) yield { name, numbers: values }
  }
  const pieces: Uint8Array[] = []
  for await (const piece of writeParquet(table(), { column: 'features', width: 20 })) pieces.push(piece)

  const beats = { shape: [1, 120], data: Float32Array.from({ length: 120 }, (_, t) => (t % 20 < 3 ? 1 : 0)) }
  const signals = convolutionalSparseCoding({ kernels: 2, size: [8], lambdaRatio: 0.2 })
  const heard = await signals.fit(await windows(beats, { length: 60, hop: 30 }), { epochs: 1 })
  const { kernels } = heard
  model.dispose()
  loaded.dispose()
  heard.dispose()
  return {
    kernels: await digest(model.kernels.data, kernels.data),
    coded,
    table: await digest(...pieces),
    waves: await digest(waveforms(kernels).pixels),
  }
}
