/** What a measure is, and how it is told. */

/** One line of the table. `ci` is the 95 % interval of a median. */
export interface Row {
  readonly measure: string
  /** Where one measure has several figures. */
  readonly case?: string
  readonly value: number
  readonly unit: string
  readonly goal: string
  readonly holds: boolean
  readonly ci?: readonly [number, number]
  /** What is inside: runtime, nameserver, codec, how many. */
  readonly note: string
}

export interface BenchOptions {
  /** A small run that shows that everything works; its figures mean nothing. */
  readonly quick: boolean
  /** Progress, for whoever waits. */
  readonly say: (line: string) => void
}

export interface Measure {
  /** What `--only` takes. Measures that need the same parts are taken together. */
  readonly names: readonly string[]
  take(wanted: ReadonlySet<string>, options: BenchOptions, tell: (row: Row) => void): Promise<void>
}

type Limit = { readonly most: number } | { readonly least: number }

export function row(of: Omit<Row, 'goal' | 'holds'>, limit: Limit): Row {
  const most = 'most' in limit
  return {
    ...of, value: round(of.value), ...(of.ci && { ci: [round(of.ci[0]), round(of.ci[1])] as const }),
    goal: most ? `<= ${limit.most}` : `>= ${limit.least}`,
    holds: most ? of.value <= limit.most : of.value >= limit.least,
  }
}

/** Three significant digits, all digits before the point. */
const round = (value: number): number => Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3))

/** As `--json` prints it, one object per line. */
export const jsonOf = (of: Row): string => JSON.stringify(of)

export function textOf(of: Row): string {
  const interval = of.ci ? ` (${of.ci[0]} to ${of.ci[1]})` : ''
  const name = of.case === undefined ? of.measure : `${of.measure}, ${of.case}`
  return `${of.holds ? 'holds ' : 'MISSED'}  ${name.padEnd(44)} ${`${of.value} ${of.unit}`.padEnd(14)} goal ${of.goal}${interval}\n          ${of.note}`
}
