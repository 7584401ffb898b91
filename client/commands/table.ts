/** The one command table, in the order in which help shows it. */
import { board } from './admin/board.ts'
import { drain } from './admin/drain.ts'
import { end } from './admin/end.ts'
import { forget } from './admin/forget.ts'
import { recheck } from './admin/recheck.ts'
import { retry } from './admin/retry.ts'
import { revoke } from './admin/revoke.ts'
import { sweep } from './admin/sweep.ts'
import type { Command } from './command.ts'
import { completion } from './completion.ts'
import { extend } from './extend.ts'
import { help } from './help.ts'
import { hold } from './hold.ts'
import { keep } from './keep.ts'
import { lend } from './lend.ts'
import { list } from './list.ts'
import { login } from './login.ts'
import { logout } from './logout.ts'
import { logs } from './logs.ts'
import { notices } from './notices.ts'
import { pause } from './pause.ts'
import { resume } from './resume.ts'
import { returnLease } from './return.ts'
import { status } from './status.ts'

export const table: readonly Command[] = [
  lend, list, status, logs, extend, returnLease, keep, pause, resume, notices, login, logout, help, completion,
  hold, board, drain, end, forget, recheck, retry, revoke, sweep,
]
