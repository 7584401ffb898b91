/** The one command table, in the order in which help shows it. */
import { board } from './admin/board.ts'
import { drain } from './admin/drain.ts'
import { end } from './admin/end.ts'
import { forget } from './admin/forget.ts'
import { recheck } from './admin/recheck.ts'
import { retry } from './admin/retry.ts'
import { revoke } from './admin/revoke.ts'
import { sweep } from './admin/sweep.ts'
import type { Command, Where } from './command.ts'
import { completion } from './completion.ts'
import { extend } from './extend.ts'
import { setupMattermost } from './gateway/mattermost.ts'
import { setupSlack } from './gateway/slack.ts'
import { help } from './help.ts'
import { hold } from './hold.ts'
import { keep } from './keep.ts'
import { kube } from './kube.ts'
import { lend } from './lend.ts'
import { link } from './link.ts'
import { list } from './list.ts'
import { login } from './login.ts'
import { logout } from './logout.ts'
import { logs } from './logs.ts'
import { notices } from './notices.ts'
import { pause } from './pause.ts'
import { quiet } from './quiet.ts'
import { resume } from './resume.ts'
import { returnLease } from './return.ts'
import { status } from './status.ts'
import { unlink } from './unlink.ts'

export const table: readonly Command[] = [
  lend, list, status, logs, extend, returnLease, keep, pause, resume, kube, notices, login, logout, link, unlink, quiet, help, completion,
  setupSlack, setupMattermost,
  hold, board, drain, end, forget, recheck, retry, revoke, sweep,
]

export const tableOf = (where: Where): readonly Command[] => table.filter((command) => (command.where ?? where) === where)
