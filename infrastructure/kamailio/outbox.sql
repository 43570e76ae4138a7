-- What the proxy remembers of calls, and what it has yet to tell. Written before a message is passed on, so that neither a
-- killed proxy nor an ingress that is away loses anything. run.sh makes the tables.
PRAGMA journal_mode = WAL;

-- An INVITE that was let through. One that is sent again, with credentials say, has the next CSeq.
CREATE TABLE IF NOT EXISTS call (
  call_id TEXT NOT NULL,
  cseq INTEGER NOT NULL,
  caller_tag TEXT NOT NULL,
  -- Of the answer that came first: a forked call may be answered more than once.
  callee_tag TEXT,
  from_uri TEXT,
  to_uri TEXT,
  -- The address that answers for the next hop.
  hop TEXT,
  begun_at INTEGER NOT NULL DEFAULT (unixepoch()),
  connected_at INTEGER,
  ended_at INTEGER,
  PRIMARY KEY (call_id, cseq)
);
CREATE INDEX IF NOT EXISTS call_by_age ON call (begun_at);
CREATE INDEX IF NOT EXISTS call_open ON call (begun_at) WHERE ended_at IS NULL;

-- Rows stay after they were accepted: a message that is repeated finds its key taken.
CREATE TABLE IF NOT EXISTS event (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  key TEXT NOT NULL UNIQUE,
  call_id TEXT NOT NULL,
  -- As it is posted, again and again the same.
  body TEXT NOT NULL,
  at INTEGER NOT NULL DEFAULT (unixepoch()),
  not_before INTEGER NOT NULL DEFAULT 0,
  state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'accepted', 'refused')),
  problem TEXT
);
CREATE INDEX IF NOT EXISTS event_by_age ON event (at);
CREATE INDEX IF NOT EXISTS event_waiting ON event (id, call_id) WHERE state = 'waiting';
