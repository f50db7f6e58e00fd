import { html, type Html, trusted } from '../../../util/html.ts'
import type { Claim } from '../../imbalance/report.ts'
import type { AllReport, PartResult } from '../report.ts'
import type { Cell, PageTable, Section } from './section.ts'
import { sectionOf } from './sections.ts'
import { pageStyle } from './style.ts'

/**
 * All scenarios as one HTML page that needs nothing else and asks nobody for anything: no script, no link out of it, and a policy that
 * would forbid them. `date` is what it shows of the time at which it was made.
 */
export const pageOf = (report: AllReport, date: string): string => {
  const sections = report.parts.map(sectionOf)
  const nowhere = skippedEverywhere(report.parts, sections)
  const { html: text } = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Evenkeel lab: who gets how much</title>
<style>${trusted(pageStyle)}</style>
</head>
<body>
<header>
<h1>Who gets how much, and why</h1>
<p class="small">${headline(report, date)}</p>
<p>Every scenario makes a cluster of network namespaces on one machine, with real pods and real connections, which the pods count themselves. Beside
what was measured stand what is claimed, what the rules or the simulator predict, and whether luck alone explains the difference.</p>
</header>
<main>
${overview(report.parts, sections)}
${nowhere.length > 0 ? html`<p class="small">Not run here at all:</p><div class="small">${listHtml(nowhere)}</div>` : null}
${sections.map((section, index) => sectionHtml(section, index, nowhere))}
</main>
</body>
</html>
`
  return text
}

const headline = ({ parameters, node }: AllReport, date: string): string =>
  [
    `evenkeel ${parameters.version}`,
    `Linux ${node.kernel}`,
    date,
    `planes ${parameters.planes.join(', ')}`,
    `seed ${parameters.seed}`,
    `level ${parameters.level}`,
    ...(parameters.repeat > 1 ? [`each run ${parameters.repeat} times`] : []),
  ].join(' · ')

/** Planes that are not there are missing in every scenario: told once. */
const skippedEverywhere = (parts: readonly PartResult[], sections: readonly Section[]): readonly string[] => {
  const [first, ...others] = sections.filter((_, index) => parts[index]?.outcome.state === 'done')
  if (first === undefined || others.length === 0) return []
  return first.skipped.filter((one) => others.every(({ skipped }) => skipped.includes(one)))
}

/** Names may be anything, places in the page are numbers. */
const anchor = (index: number): string => `scenario-${index + 1}`

const overview = (parts: readonly PartResult[], sections: readonly Section[]): Html => html`
<div class="scroll"><table>
<caption>Scenarios</caption>
<thead><tr><th>scenario</th><th>what it shows</th><th class="number">runs</th><th class="number">time</th><th>result</th></tr></thead>
<tbody>
${parts.map(({ name, summary, outcome }, index) => {
  const { words = '', tone = 'plain' } = sections[index]?.result ?? {}
  const runs = outcome.state === 'done' ? String(outcome.report.runs.length) : '–'
  const seconds = outcome.state === 'left out' ? '–' : `${Math.round(outcome.seconds)} s`
  return html`<tr><td><a href="#${anchor(index)}">${name}</a></td><td><div>${summary}</div></td><td class="number">${runs}</td><td class="number">${seconds}</td><td><div class="${tone}">${words}</div></td></tr>
`
})}</tbody>
</table></div>`

const sectionHtml = (section: Section, index: number, nowhere: readonly string[]): Html => {
  const { name, summary, result, claims, charts, tables, findings, faults } = section
  const skipped = section.skipped.filter((one) => !nowhere.includes(one))
  return html`
<section id="${anchor(index)}">
<h2>${name}</h2>
<p>${summary}</p>
<p class="${result.tone}">${result.words}</p>
${claims.map(claimHtml)}
${faults.length > 0 ? html`<h3>Not as expected</h3>${listHtml(faults)}` : null}
${findings.length > 0 ? html`<h3>What it comes to</h3>${listHtml(findings)}` : null}
${charts.map((chart) => html`<figure>${trusted(chart)}</figure>`)}
${tables.map(tableHtml)}
${skipped.length > 0 ? html`<h3>Not run here</h3><div class="small">${listHtml(skipped)}</div>` : null}
</section>`
}

const claimHtml = ({ text, source, numbers, unit }: Claim): Html => {
  const published = numbers === undefined ? '' : ` (${numbers.join(', ')}${unit === undefined ? '' : ` ${unit}`})`
  return html`<blockquote>Claimed: ${text}${published}${source === null ? null : html`<cite>${source}</cite>`}</blockquote>`
}

const listHtml = (items: readonly string[]): Html => html`<ul>${items.map((item) => html`<li>${item}</li>`)}</ul>`

const tableHtml = (table: PageTable): Html =>
  table.folded === true
    ? html`
<details>
<summary>${table.title} (${String(table.rows.length)})</summary>${rowsHtml(table)}
</details>`
    : html`
<h3>${table.title}</h3>${rowsHtml(table)}`

const rowsHtml = ({ header, numeric = [], rows }: PageTable): Html => {
  const side = (column: number): string => (numeric[column] === true ? 'number' : 'text')
  return html`
<div class="scroll"><table>
<thead><tr>${header.map((words, column) => html`<th class="${side(column)}">${words}</th>`)}</tr></thead>
<tbody>
${rows.map((row) => html`<tr>${row.map((cell, column) => cellHtml(cell, side(column)))}</tr>\n`)}</tbody>
</table></div>`
}

const cellHtml = (cell: Cell, side: string): Html => {
  if (typeof cell === 'string')
    return html`<td class="${side}">${side === 'text' ? html`<div>${cell}</div>` : cell}</td>`
  const { lines, tone = 'plain', more = [], code } = cell
  return html`<td class="${code === true ? 'code' : 'lines'}">${lines.map((line, at) => html`<div class="${at === 0 ? tone : 'plain'}">${line}</div>`)}${more.map((line) => html`<p class="small">${line}</p>`)}</td>`
}
