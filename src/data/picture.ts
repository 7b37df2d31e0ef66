/** A picture ready to be shown or written: 8 bits a channel, row-major, channels innermost. */
export interface Picture {
  readonly width: number
  readonly height: number
  /** 1 (grey), 3 (colour) or 4 (colour with opacity). */
  readonly channels: 1 | 3 | 4
  /** [height · width · channels] */
  readonly pixels: Uint8Array
}
