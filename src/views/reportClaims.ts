import { escapeXml } from './xml.js'

/** Something that is claimed, by a lecture, a paper, a page, and what was measured of it. */
export interface ReportClaim {
  /** Its number where it is claimed. */
  readonly number: number
  /** What it is about, in a few words. */
  readonly title: string
  /** The claim, in a sentence. */
  readonly said: string
  /** Whether what was measured bears it out. */
  readonly holds: boolean
  /** What was measured, in a sentence. */
  readonly measured: string
}

interface Claimed {
  readonly id: string
  readonly heading: string
  readonly claims?: readonly ReportClaim[]
  readonly reduced?: string
}

const verdict = ({ holds }: ReportClaim): string => (holds ? 'holds' : 'does not hold')

/** The address of a claim within the page. */
const claimId = (section: string, { number }: ReportClaim): string => `${section}-${number}`

/** The claims of a section: each with its number, what is claimed, whether it holds, and what was measured. */
export function claimList(section: string, claims: readonly ReportClaim[]): string {
  const items = claims.map((claim) => {
    const head = `<dt id="${claimId(section, claim)}"><span class="number">System ${claim.number}</span> ${escapeXml(claim.title)}</dt>`
    const said = `<dd>${escapeXml(claim.said)}</dd>`
    return `${head}${said}<dd><strong>Measured here, it ${verdict(claim)}:</strong> ${escapeXml(claim.measured)}</dd>`
  })
  return items.length === 0 ? '' : `<dl class="claims">${items.join('')}</dl>`
}

/** All claims of a page as one table, in order of their sections; nothing where there are none. */
export function claimTable(sections: readonly Claimed[]): string {
  const rows = sections.flatMap(({ id, heading, claims = [] }) =>
    claims.map(
      (claim) =>
        `<tr><td class="number">${claim.number}</td><th scope="row"><a href="#${claimId(id, claim)}">${escapeXml(claim.title)}</a></th><td class="verdict">${verdict(claim)}</td><td class="note">${escapeXml(heading)}</td></tr>`,
    ),
  )
  if (rows.length === 0) return ''
  const head =
    '<thead><tr><th scope="col">System</th><th scope="col">Its name</th><th scope="col">The claim</th><th scope="col">Section</th></tr></thead>'
  return `<section id="claims" aria-labelledby="claims-heading"><h2 id="claims-heading">The systems</h2><table class="overview"><caption>Each system, and whether what is said of it holds for what was measured here</caption>${head}<tbody>${rows.join('')}</tbody></table></section>`
}

/** What the sections say that they reduced; nothing where none did. */
export function reductions(sections: readonly Claimed[], note: string): string {
  const items = sections.flatMap(({ id, heading, reduced }) =>
    reduced === undefined ? [] : [`<li><a href="#${id}">${escapeXml(heading)}</a>: ${escapeXml(reduced)}</li>`],
  )
  if (items.length === 0) return ''
  return `<section id="reduced" aria-labelledby="reduced-heading"><h2 id="reduced-heading">What is reduced</h2><p>${escapeXml(note)}</p><ul>${items.join('')}</ul></section>`
}
