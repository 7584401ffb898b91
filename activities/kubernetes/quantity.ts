/** Amounts as Kubernetes writes them. */

const units: Readonly<Record<string, number>> = {
  '': 1, n: 1e-9, u: 1e-6, m: 1e-3, k: 1e3, M: 1e6, G: 1e9, T: 1e12, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40,
}

/** A resource quantity in its base unit; NaN for anything else. */
export function quantity(text: unknown): number {
  const [, amount, unit = ''] = /^([0-9.]+)(n|u|m|k|M|G|T|Ki|Mi|Gi|Ti)?$/.exec(String(text)) ?? []
  return amount === undefined ? NaN : Number(amount) * units[unit]!
}

export const cpuText = (cores: number): string => `${Math.max(1, Math.round(cores * 1000))}m`
export const memoryText = (bytes: number): string => String(Math.round(bytes))
