/** How far a pull has come, from the engine's own lines: bytes of the layers that it has begun or done. */

interface Layer {
  readonly done: number
  readonly of: number
}

interface Line {
  readonly id?: unknown
  readonly status?: unknown
  readonly progressDetail?: { readonly current?: unknown; readonly total?: unknown }
}

/** Layers are counted only once their size is known, so the share may fall when a further one begins. */
export class PullProgress {
  readonly #layers = new Map<string, Layer>()

  /** Whole percents; undefined while no size is known. */
  take(line: string): number | undefined {
    const { id, status, progressDetail: { current, total } = {} } = parsed(line)
    if (typeof id === 'string' && status === 'Downloading' && typeof current === 'number' && typeof total === 'number' && total > 0) {
      this.#layers.set(id, { done: Math.min(current, total), of: total })
    } else if (typeof id === 'string' && (status === 'Download complete' || status === 'Pull complete')) {
      const known = this.#layers.get(id)
      if (known) this.#layers.set(id, { done: known.of, of: known.of })
    }
    let done = 0, of = 0
    for (const layer of this.#layers.values()) {
      done += layer.done
      of += layer.of
    }
    return of === 0 ? undefined : Math.floor(done / of * 100)
  }
}

function parsed(line: string): Line {
  try {
    return (JSON.parse(line) as Line | null) ?? {}
  } catch {
    return {}
  }
}
