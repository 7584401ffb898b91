/** `watch_cpu` and `idle_read`: what it costs to watch a host full of leases, on the real engine. */
import { engine } from '../../worker/embedded/engine.ts'
import { buildImages } from '../../worker/embedded/image.ts'
import { type Measure, row } from './measure.ts'
import { measureIdleRead, measureWatchCpu } from './watch.ts'

export const measureWatching: Measure = {
  names: ['watch_cpu', 'idle_read'],
  async take(wanted, { quick, say }, tell) {
    const { socketPath, stop } = await engine(), containers = quick ? 10 : 100
    try {
      await buildImages(socketPath)
      say(`${[...wanted].filter((name) => measureWatching.names.includes(name)).join(', ')}: ${containers} containers`)
      if (wanted.has('watch_cpu')) {
        const { watchCpu, idleCpu } = await measureWatchCpu({ socketPath, containers, ...(quick && { forMs: 5_000 }) })
        tell(row({
          measure: 'watch_cpu', value: watchCpu, unit: '%',
          note: `of one core, with the default clocks, ${containers} sleeping containers on the Docker engine; the same process without a watch `
            + `${idleCpu.toFixed(2)} %; listings, readings, evidence and words are inside, which go nowhere; the engine's own cpu is not`,
        }, { most: 1 }))
      }
      if (wanted.has('idle_read')) {
        const { perContainer, cpuPerContainer } = await measureIdleRead({ socketPath, containers, ...(quick && { rounds: 5 }) })
        tell(row({
          measure: 'idle_read', value: perContainer, unit: 'ms',
          note: `per container, the cheap signals, p50 of the rounds over ${containers} sleeping containers on the Docker engine; ${cpuPerContainer.toFixed(3)} ms of cpu`,
        }, { most: 0.2 }))
      }
    } finally {
      await stop()
    }
  },
}
