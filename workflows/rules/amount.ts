/** Memory, cpu and GPUs as people type them, and as Berth says them. */

const KiB = 1024
const sizes: Readonly<Record<string, number>> = {
  k: KiB, m: KiB ** 2, g: KiB ** 3, t: KiB ** 4,
  ki: KiB, mi: KiB ** 2, gi: KiB ** 3, ti: KiB ** 4,
  kib: KiB, mib: KiB ** 2, gib: KiB ** 3, tib: KiB ** 4,
  kb: 1e3, mb: 1e6, gb: 1e9, tb: 1e12,
}

/**
 * Bytes, or undefined for what cannot be read. `512Mi`, `512MiB` and Docker's `512m` are powers of 1024, `512MB` is a
 * power of 1000; a number without a unit is refused, for nobody means bytes.
 */
export function parseMemory(text: string): number | undefined {
  const [, number, unit] = /^(\d{1,9}(?:\.\d{1,6})?)\s?([kmgt]i?b?)$/i.exec(text.trim()) ?? []
  const size = unit && sizes[unit.toLowerCase()]
  if (!number || !size) return undefined
  const bytes = Math.round(Number(number) * size)
  return bytes > 0 && Number.isSafeInteger(bytes) ? bytes : undefined
}

/** "512 MiB", "1.5 GiB". */
export function sayMemory(bytes: number): string {
  for (const [name, size] of [['TiB', sizes.t!], ['GiB', sizes.g!], ['MiB', sizes.m!], ['KiB', sizes.k!]] as const) {
    if (bytes >= size) return `${Number((bytes / size).toFixed(1))} ${name}`
  }
  return `${bytes} B`
}

/** Cores (`2`, `0.5`, `500m` for half of one), or undefined for what cannot be read; to a thousandth. */
export function parseCpu(text: string): number | undefined {
  const milli = /^(\d{1,7})m$/.exec(text.trim())
  if (milli) return Number(milli[1]) > 0 ? Number(milli[1]) / 1000 : undefined
  if (!/^\d{1,4}(?:\.\d{1,3})?$/.test(text.trim())) return undefined
  return Number(text) > 0 ? Number(text) : undefined
}

/** "2 cpu", "0.5 cpu". */
export function sayCpu(cores: number): string {
  return `${Number(cores.toFixed(3))} cpu`
}

/** "1 GPU", "2 GPUs". */
export const sayGpu = (gpus: number): string => (gpus === 1 ? '1 GPU' : `${gpus} GPUs`)

/** Whole ones alone, for nothing here shares one. */
export const isGpuCount = (gpus: number): boolean => Number.isInteger(gpus) && gpus >= 1
