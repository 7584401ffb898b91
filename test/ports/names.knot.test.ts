import { rfc2136Suite } from './names.rfc2136.ts'

rfc2136Suite('knot')
