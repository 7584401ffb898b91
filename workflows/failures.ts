/** Failures under the codec: a message may quote a container's last lines. Only the word "ask again" stays in clear. */
import { DefaultFailureConverter, type PayloadConverter } from '@temporalio/common'
import { untimely } from './contract.ts'

const clear = new DefaultFailureConverter()

class SealedFailures extends DefaultFailureConverter {
  constructor() {
    super({ encodeCommonAttributes: true })
  }

  /** A query's failure reaches its asker as bare text, which no codec opens. */
  override errorToFailure(error: unknown, payloads: PayloadConverter) {
    return error instanceof Error && error.message === untimely ? clear.errorToFailure(error, payloads) : super.errorToFailure(error, payloads)
  }
}

export const failureConverter = new SealedFailures()
