/**
 * The colours of charts. Inside the report they are CSS variables, which follow light and dark; the fallback beside
 * each variable is its light value, used where no stylesheet is (a file, a PNG).
 */
interface Shade {
  readonly name: string
  readonly light: string
  readonly dark: string
}

/** Contrast of 4.5 and more against the page, in light and dark; neighbours differ in lightness as well as in hue. */
const SERIES: readonly Shade[] = [
  { name: '--energia-blue', light: '#1d5fb8', dark: '#86b7ff' },
  { name: '--energia-orange', light: '#b45309', dark: '#ffb366' },
  { name: '--energia-green', light: '#1b7a50', dark: '#62d3a0' },
  { name: '--energia-violet', light: '#7e3fb0', dark: '#d0a2ff' },
  { name: '--energia-rose', light: '#b3234f', dark: '#ff90ad' },
  { name: '--energia-slate', light: '#4b5768', dark: '#b4becb' },
]
const MUTED: Shade = { name: '--energia-muted', light: '#5b6470', dark: '#a9b2bf' }

/** The ink of a file: what `currentColor` becomes where there is no page around. */
export const INK = '#1c2430'

const reference = (shade: Shade) => `var(${shade.name}, ${shade.light})`

/** Colour of quiet text. */
export const muted = reference(MUTED)

/** How the i-th of several series is drawn: colours repeat after six, dashes and marks tell the rest apart. */
export function seriesStyle(i: number): {
  colour: string
  dash: string
  symbol: 'circle' | 'square' | 'triangle' | 'diamond'
} {
  return {
    colour: reference(SERIES[i % SERIES.length]),
    dash: ['', '6 3', '2 3', '9 3 2 3', '12 4', '4 2 1 2'][i % 6],
    symbol: (['circle', 'square', 'triangle', 'diamond'] as const)[i % 4],
  }
}

/** The variables' values as CSS declarations. */
export function paletteVariables(mode: 'light' | 'dark'): string {
  return [...SERIES, MUTED].map((shade) => `${shade.name}:${shade[mode]}`).join(';')
}
