/** What a host role needs of a technology. */
import type { Eyes, Pulse, Reach, Runtime } from '../../workflows/ports.ts'
import type { HostOffer } from '../../workflows/terms.ts'

/** What a technology brings along for a host. */
export interface Lender {
  readonly runtime: Runtime
  /** Absent where members' own tools reach nothing. */
  readonly reach?: Reach
  readonly eyes: Eyes
  readonly pulse: Pulse
  readonly kind: HostOffer['runtime']
  /** What it has now. */
  offer(): Promise<Pick<HostOffer, 'address' | 'addresses' | 'cpu' | 'memory' | 'gpu'>>
  close(): void | Promise<void>
}
