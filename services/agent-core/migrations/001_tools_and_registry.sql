-- What the tools and the registry keep. Every table has the tenant; times are UTC and come from the service's clock.

create table leads (
  tenant_id   text        not null,
  lead_id     uuid        not null primary key,
  -- The identifiers that were seen last; all that were ever seen are in lead_identities.
  phone       text,
  user_id     text,
  name        text,
  language    text,
  source      text,
  tags        text[]      not null default '{}',
  opt_in      boolean,
  created_at  timestamptz not null,
  updated_at  timestamptz not null,
  -- Set when this lead turned out to be the same person as another one.
  merged_into uuid        references leads (lead_id)
);
create index leads_by_age on leads (tenant_id, created_at desc, lead_id desc) where merged_into is null;

create table lead_identities (
  tenant_id text        not null,
  kind      text        not null check (kind in ('phone', 'user')),
  value     text        not null,
  lead_id   uuid        not null references leads (lead_id),
  seen_at   timestamptz not null,
  primary key (tenant_id, kind, value)
);
create index lead_identities_of_lead on lead_identities (lead_id);

-- Opt-outs are never deleted: an opt-in ends them, and the history stays.
create table opt_outs (
  tenant_id   text        not null,
  opt_out_id  uuid        not null primary key,
  kind        text        not null check (kind in ('phone', 'user')),
  value       text        not null,
  channel     text        not null,
  reason      text,
  at          timestamptz not null,
  ended_at    timestamptz,
  ended_by    text
);
create unique index opt_outs_in_force on opt_outs (tenant_id, kind, value) where ended_at is null;

create table calls (
  tenant_id         text        not null,
  -- Carriers' call ids are unique in the world, so one belongs to one tenant.
  call_id           text        not null primary key,
  lead_id           uuid        references leads (lead_id),
  direction         text        not null check (direction in ('inbound', 'outbound')),
  platform          text        not null,
  region            text,
  disposition_code  text,
  disposition_notes text,
  disposition_at    timestamptz,
  created_at        timestamptz not null
);
create index calls_of_lead on calls (lead_id);

create table payments (
  tenant_id  text        not null,
  payment_id uuid        not null primary key,
  -- A call may be on the line before it is recorded, so this is no foreign key.
  call_id    text,
  phone      text,
  region     text        not null,
  amount     bigint      not null check (amount > 0),
  currency   text        not null,
  merchant   text,
  method     text        not null check (method in ('momo_ussd', 'payment_link', 'manual')),
  ussd       text,
  url        text,
  created_at timestamptz not null
);
create index payments_by_age on payments (tenant_id, created_at desc);

create table transfers (
  tenant_id   text        not null,
  transfer_id uuid        not null primary key,
  call_id     text        not null,
  queue       text        not null,
  target      text        not null,
  created_at  timestamptz not null
);
create index transfers_of_call on transfers (tenant_id, call_id);

create table idempotency_keys (
  tenant_id   text        not null,
  route       text        not null,
  key         text        not null,
  fingerprint text        not null,
  -- Null only inside the transaction that does the work.
  answer      text,
  created_at  timestamptz not null,
  primary key (tenant_id, route, key)
);
create index idempotency_keys_by_age on idempotency_keys (created_at);
