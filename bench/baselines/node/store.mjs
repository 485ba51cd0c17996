// Sessions in SQLite: WAL and synchronous=FULL, read directly, written in one transaction per turn of the event loop.
import { randomBytes } from 'node:crypto'
import Database from 'better-sqlite3'

const TABLE = `
  CREATE TABLE IF NOT EXISTS session (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, subject TEXT, visible INTEGER NOT NULL, path TEXT NOT NULL,
    started_at INTEGER NOT NULL, last_seen_at INTEGER NOT NULL, timeout_seconds INTEGER NOT NULL, ended_at INTEGER,
    visible_ms INTEGER NOT NULL, revision INTEGER NOT NULL, client_system TEXT, username TEXT
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS session_started_at ON session (started_at DESC, id);
  CREATE INDEX IF NOT EXISTS session_last_seen_at ON session (last_seen_at DESC, id)`

const ORDERS = { STARTED_AT: 'started_at', LAST_SEEN_AT: 'last_seen_at' }

// Rows are read as arrays, which takes better-sqlite3 two thirds of the time of objects.
const SELECT = `SELECT id, kind, subject, visible, path, started_at, last_seen_at, timeout_seconds, ended_at, visible_ms,
  revision, client_system, username FROM session`

export class Store {
  #waiting = []

  constructor(file, { sharesCommits = true } = {}) {
    this.sharesCommits = sharesCommits
    this.database = new Database(file)
    this.database.pragma('journal_mode = WAL')
    this.database.pragma('synchronous = FULL')
    this.database.exec(TABLE)
    this.find = this.database.prepare(`${SELECT} WHERE id = ?`).raw()
    this.all = this.database.prepare(`${SELECT} ORDER BY started_at DESC, id`).raw()
    this.insert = this.database.prepare(
      `INSERT INTO session VALUES (@id, @kind, @subject, 1, @path, @now, @now, @timeout, NULL, 0, 1, @clientSystem, @username)`,
    )
    this.update = this.database.prepare(
      'UPDATE session SET visible = ?, path = ?, last_seen_at = ?, visible_ms = ?, revision = ? WHERE id = ?',
    )
    this.pages = {}
    for (const [field, column] of Object.entries(ORDERS)) {
      for (const direction of ['ASC', 'DESC']) {
        const sql = `${SELECT} WHERE started_at > ? ORDER BY ${column} ${direction}, id LIMIT ?`
        this.pages[`${field} ${direction}`] = this.database.prepare(sql).raw()
      }
    }
  }

  /** Returns what `command` did, once its transaction is committed; calls of the same turn share one. */
  write(command) {
    if (!this.sharesCommits) return this.database.transaction(command)()
    return new Promise((resolve, reject) => {
      if (this.#waiting.push({ command, resolve, reject }) === 1) setImmediate(() => this.#commit())
    })
  }

  #commit() {
    const batch = this.#waiting
    this.#waiting = []
    try {
      const results = this.database.transaction(() => batch.map(({ command }) => command()))()
      batch.forEach(({ resolve }, index) => resolve(results[index]))
    } catch (error) {
      batch.forEach(({ reject }) => reject(error))
    }
  }

  start({ variant, timeoutSeconds, path }) {
    const id = randomBytes(16).toString('base64url')
    const username = variant.user?.username ?? null
    this.insert.run({
      id,
      kind: variant.client ? 'CLIENT' : 'USER',
      subject: username,
      path: JSON.stringify(path),
      now: Date.now(),
      timeout: timeoutSeconds,
      clientSystem: variant.client?.clientSystem ?? null,
      username,
    })
    return { session: toSession(this.find.get(id), Date.now()), change: 'ADDED' }
  }

  keepalive({ id, visible, path }) {
    const row = this.find.get(id)
    const now = Date.now()
    if (row === undefined) return { code: 'NOT_FOUND' }
    const before = toSession(row, now)
    if (before.state === 'ENDED') return { code: 'SESSION_ENDED' }
    const lastSeenAt = row[6]
    const newPath = path == null ? row[4] : JSON.stringify(path)
    const visibleMs = row[9] + (before.visible ? now - lastSeenAt : 0)
    this.update.run(Number(visible), newPath, now, visibleMs, before.revision + 1, id)
    const isChanged = newPath !== row[4] || visible !== before.visible
    const session = {
      ...before,
      visible,
      path: path ?? before.path,
      lastSeenAt: new Date(now).toISOString(),
      visibleSeconds: visibleMs / 1000,
      revision: before.revision + 1,
    }
    return { session, change: isChanged ? 'UPDATED' : null }
  }
}

export const toSession = (row, now) => {
  const [id, kind, subject, visible, path, startedAt, lastSeenAt, timeout, endedAt, visibleMs, revision, system, username] =
    row
  return {
    id,
    kind,
    subject,
    state: endedAt !== null || lastSeenAt + timeout * 1000 <= now ? 'ENDED' : 'ACTIVE',
    visible: visible === 1,
    path: JSON.parse(path),
    startedAt: new Date(startedAt).toISOString(),
    lastSeenAt: new Date(lastSeenAt).toISOString(),
    visibleSeconds: visibleMs / 1000,
    revision,
    clientSystem: system,
    username,
  }
}
