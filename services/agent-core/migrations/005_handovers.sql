-- Conversations that people took over from the agent, until they hand them back or the time is up.

create table handovers (
  tenant_id   text        not null,
  handover_id uuid        not null primary key,
  -- The call, or the conversation, that it was asked for.
  call_id     text        not null,
  channel     text        not null,
  queue       text        not null,
  target      text        not null,
  phone       text,
  user_id     text,
  name        text,
  -- Why a person is wanted, and what was said so far.
  reason      text,
  summary     text,
  created_at  timestamptz not null,
  -- Afterwards the agent answers again, whether it was handed back or not.
  until       timestamptz not null,
  ended_at    timestamptz,
  -- What the agent is to know of what was said meanwhile.
  notes       text
);
create index open_handovers on handovers (tenant_id, created_at desc, handover_id desc) where ended_at is null;
