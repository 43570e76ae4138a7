-- Those who want something, those who sell it, and what became of it.

create table buyers (
  tenant_id   text        not null,
  -- Also the id of the buyer's account in the ledger.
  buyer_id    uuid        not null primary key,
  -- The identifiers that were seen last; all that were ever seen are in buyer_identities.
  phone       text,
  user_id     text,
  name        text,
  created_at  timestamptz not null,
  updated_at  timestamptz not null,
  -- Set when this buyer turned out to be the same person as another one.
  merged_into uuid        references buyers (buyer_id)
);

create table buyer_identities (
  tenant_id text        not null,
  kind      text        not null check (kind in ('phone', 'user')),
  value     text        not null,
  buyer_id  uuid        not null references buyers (buyer_id),
  seen_at   timestamptz not null,
  primary key (tenant_id, kind, value)
);
create index buyer_identities_of_buyer on buyer_identities (buyer_id);

-- What belongs to one person, by any evidence: a lead's or a buyer's.
create view identity_links as
  select tenant_id, lead_id as owner_id, kind, value from lead_identities
  union all
  select tenant_id, buyer_id, kind, value from buyer_identities;

create table intents (
  tenant_id  text        not null,
  -- Given from outside, so two tenants may have the same.
  intent_id  text        not null,
  buyer_id   uuid        not null references buyers (buyer_id),
  channel    text        not null,
  name       text        not null,
  slots      jsonb       not null,
  expires_at timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, intent_id)
);
create index intents_of_buyer on intents (buyer_id, created_at desc);

create table received_rankings (
  tenant_id   text        not null,
  buyer_id    uuid        not null references buyers (buyer_id),
  ranking_id  text        not null,
  intent_id   text        not null,
  candidates  jsonb       not null,
  received_at timestamptz not null,
  primary key (buyer_id, ranking_id)
);
create index received_rankings_by_age on received_rankings (buyer_id, received_at desc);

create table purchases (
  tenant_id      text        not null,
  purchase_id    uuid        not null primary key,
  buyer_id       uuid        not null references buyers (buyer_id),
  intent_id      text        not null,
  -- May be one that a ranking from elsewhere offered, so this is no foreign key.
  vendor_id      text        not null,
  amount         bigint      not null check (amount > 0),
  currency       text        not null,
  reservation_id uuid        unique references reservations (reservation_id),
  created_at     timestamptz not null
);
create index purchases_of_buyer on purchases (buyer_id, created_at desc);

create table conversations (
  tenant_id       text        not null,
  buyer_id        uuid        not null primary key references buyers (buyer_id),
  summary         text        not null,
  conversation_id text,
  language        text,
  channels        text[]      not null default '{}',
  last_channel    text,
  last_event_id   text,
  turns           integer,
  -- When it was so, as its teller has it.
  at              timestamptz not null
);

create table vendors (
  tenant_id        text             not null,
  -- The tenant's own name for it, so two tenants may have the same. Also the id of the vendor's account in the ledger.
  vendor_id        text             not null,
  name             text             not null,
  phone            text             not null,
  area             text             not null,
  rating           double precision check (rating between 0 and 5),
  response_seconds integer          check (response_seconds >= 0),
  created_at       timestamptz      not null,
  updated_at       timestamptz      not null,
  primary key (tenant_id, vendor_id)
);

-- To tell "not yours" from "not there".
create index vendors_by_id on vendors (vendor_id);

create table vendor_items (
  tenant_id text    not null,
  vendor_id text    not null,
  position  integer not null,
  name      text    not null,
  price     bigint  not null check (price > 0),
  currency  text    not null,
  primary key (tenant_id, vendor_id, position),
  foreign key (tenant_id, vendor_id) references vendors (tenant_id, vendor_id)
);

-- What was answered, and why: the candidates carry their reasons.
create table rankings (
  tenant_id  text        not null,
  ranking_id uuid        not null primary key,
  intent_id  text        not null,
  contact    text        not null,
  name       text        not null,
  slots      jsonb       not null,
  candidates jsonb       not null,
  created_at timestamptz not null
);
create index rankings_of_intent on rankings (tenant_id, intent_id, created_at desc);
