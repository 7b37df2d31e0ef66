import { ConfigurationError } from '../../src/index.js'

/** File names without their endings, and of masks without "mask" at their end: barn.png and barn_mask.png go with barn.jpg. */
const stemOf = (file: string): string => file.replace(/\.[^.]+$/, '')
const bare = (stem: string): string => stem.replace(/[-_. ]masks?$/i, '')

/** What a file has, and what it is called. */
export interface Named {
  readonly name: string
  readonly files: readonly string[]
}

/**
 * Which mask belongs to each image: the one of the same file name, apart from the ending. Throws ConfigurationError, with a file that has no other,
 * unless each image has one mask and each mask one image.
 */
export function pairByName(masks: Named, images: Named): readonly number[] {
  const exact = placesOf(masks.files)
  if (exact && images.files.every((file) => exact.has(file))) return checked(exact, images.files, masks, images)
  const stems = images.files.map(stemOf)
  const known = new Set(stems)
  const own = masks.files.map(stemOf).map((stem) => (known.has(stem) ? stem : bare(stem)))
  const byStem = placesOf(own)
  const twice = byStem ? repeated(stems) : repeated(own)
  if (!byStem || twice !== undefined) {
    const where = byStem ? images : masks
    throw refused(`${where.name} holds more than one file called ${twice}, whose masks cannot be told apart by name`)
  }
  return checked(byStem, stems, masks, images)
}

/** Names with their places; undefined where one stands twice. */
function placesOf(names: readonly string[]): ReadonlyMap<string, number> | undefined {
  const places = new Map(names.map((name, place) => [name, place]))
  return places.size === names.length ? places : undefined
}

function repeated(names: readonly string[]): string | undefined {
  const seen = new Set<string>()
  return names.find((name) => seen.size === seen.add(name).size)
}

function checked(
  places: ReadonlyMap<string, number>,
  names: readonly string[],
  masks: Named,
  images: Named,
): readonly number[] {
  const found = names.map((name, image) => {
    const place = places.get(name)
    if (place === undefined) throw refused(`${masks.name} holds no mask for ${images.files[image]} of ${images.name}`)
    return place
  })
  const taken = new Set(found)
  const left = masks.files.findIndex((_, place) => !taken.has(place))
  if (left >= 0) throw refused(`${masks.name} holds ${masks.files[left]}, and ${images.name} has no image of that name`)
  return found
}

const refused = (what: string): ConfigurationError =>
  new ConfigurationError(
    `${what}. A mask is called as its image, apart from the ending (barn.jpg and barn.png, or barn_mask.png); masks in the order of the images can be given as an npy file.`,
  )
