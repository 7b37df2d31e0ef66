import { writeFileAtomically } from '#data/files'
import type { Picture } from '../data/picture.js'
import { toPng } from './toPng.js'

/** Writes a picture as a PNG file, whole or not at all. Throws FileFormatError where it cannot be written. */
export async function writePng(path: string, picture: Picture): Promise<void> {
  await writeFileAtomically(path, await toPng(picture))
}
