import { latentGrid, latentGridCodes } from '../views/latentGrid.js'
import { samples } from '../views/samples.js'
import { toPng } from '../views/toPng.js'
import { drawable } from './sparseCodingModel.js'
import type { VariationalModel } from './variationalAutoEncoderModel.js'

/** A picture of a run folder. */
export interface RunPicture {
  readonly file: string
  readonly caption: string
  readonly bytes: Uint8Array
}

const SAMPLES = 64

/** What a run folder shows of a model: samples, and the plane of codes where there are two numbers in each. None where y is no picture, or given x. */
export async function variationalPictures(model: VariationalModel): Promise<RunPicture[]> {
  const { shapes, latent } = model.settings
  if (shapes.x || !drawable(shapes.y)) return []
  const pictures: RunPicture[] = [
    {
      file: 'samples.png',
      caption: 'Observations decoded from codes drawn from N(0, 1).',
      bytes: await toPng(samples(await model.sample(SAMPLES))),
    },
  ]
  if (latent === 2) {
    pictures.push({
      file: 'latent-grid.png',
      caption: 'Observations decoded from a grid of codes, at equal steps of probability under N(0, 1).',
      bytes: await toPng(latentGrid(await model.decode(latentGridCodes()))),
    })
  }
  return pictures
}
