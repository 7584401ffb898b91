/** What becomes of a lease's files while it sleeps. */
import type { Place } from '../terms.ts'

/** A container that is stopped keeps its files; a pod that is scaled away takes them with it. */
export const keepsFiles = (place: Pick<Place, 'runtime'> | undefined): boolean => place?.runtime !== 'kubernetes'
