-- The ledger: double entry. A transaction is two or more entries that come to nothing together; an account's balance is
-- what its entries come to. The rules below hold whoever writes, this service or a person at a prompt.

create table accounts (
  tenant_id   text   not null,
  account_id  text   not null,
  currency    text   not null check (currency ~ '^[A-Z]{3}$'),
  -- Kept by the triggers below. JSON's numbers are exact up to 2^53 - 1.
  balance     bigint not null default 0 check (balance between -9007199254740991 and 9007199254740991),
  reserved    bigint not null default 0 check (reserved >= 0),
  entry_count bigint not null default 0,
  opened_at   timestamptz not null,
  -- Set when the account's owner turned out to be the owner of another one: everything went there.
  merged_into text,
  primary key (tenant_id, account_id, currency),
  -- The world outside has no limit; nobody else spends what they do not have, or what is held for something.
  constraint accounts_limit check (account_id = 'external' or balance >= reserved),
  check (merged_into is null or (balance = 0 and reserved = 0))
);
-- The world has every currency, an account of anybody else has one.
create unique index accounts_of_one_currency on accounts (tenant_id, account_id) where account_id <> 'external';
-- To tell "not yours" from "not there".
create index accounts_by_id on accounts (account_id);

create table transactions (
  tenant_id      text        not null,
  transaction_id uuid        not null primary key,
  kind           text        not null check (kind in ('transfer', 'capture', 'join')),
  currency       text        not null,
  memo           text,
  created_at     timestamptz not null,
  unique (tenant_id, transaction_id, currency)
);

create table entries (
  tenant_id      text   not null,
  transaction_id uuid   not null,
  account_id     text   not null,
  -- The same for all entries of a transaction, and the account's own.
  currency       text   not null,
  -- More than zero comes in, less goes out.
  amount         bigint not null check (amount <> 0),
  -- Both are set by the trigger below: the place in the account, without gaps, and what the account came to.
  position       bigint not null,
  balance        bigint not null,
  primary key (tenant_id, account_id, currency, position),
  foreign key (tenant_id, transaction_id, currency) references transactions (tenant_id, transaction_id, currency),
  foreign key (tenant_id, account_id, currency) references accounts (tenant_id, account_id, currency)
);
create index entries_of_transaction on entries (tenant_id, transaction_id);

create table reservations (
  tenant_id      text        not null,
  reservation_id uuid        not null primary key,
  account_id     text        not null,
  intent_id      text        not null,
  amount         bigint      not null check (amount > 0),
  currency       text        not null,
  status         text        not null check (status in ('active', 'captured', 'released', 'expired')),
  expires_at     timestamptz not null,
  captured_to    text,
  transaction_id uuid        references transactions (transaction_id) deferrable initially deferred,
  created_at     timestamptz not null,
  closed_at      timestamptz,
  check ((status = 'captured') = (transaction_id is not null and captured_to is not null)),
  foreign key (tenant_id, account_id, currency) references accounts (tenant_id, account_id, currency)
);
create index reservations_active on reservations (tenant_id, account_id, expires_at) where status = 'active';

-- An entry moves its account's balance, and nothing else does.
create function entry_moves_balance() returns trigger language plpgsql as $$
begin
  update accounts set balance = accounts.balance + new.amount, entry_count = entry_count + 1
  where tenant_id = new.tenant_id and account_id = new.account_id and currency = new.currency
  returning accounts.balance, accounts.entry_count into new.balance, new.position;
  if not found then
    raise exception 'account % has not been opened in %', new.account_id, new.currency
      using errcode = 'foreign_key_violation', constraint = 'entries_account';
  end if;
  return new;
end $$;
create trigger entry_moves_balance before insert on entries for each row execute function entry_moves_balance();

-- An active reservation holds its amount, and nothing else does.
create function reservation_holds_amount() returns trigger language plpgsql as $$
begin
  if tg_op <> 'INSERT' and old.status = 'active' then
    update accounts set reserved = reserved - old.amount
    where tenant_id = old.tenant_id and account_id = old.account_id and currency = old.currency;
  end if;
  if tg_op <> 'DELETE' and new.status = 'active' then
    update accounts set reserved = reserved + new.amount
    where tenant_id = new.tenant_id and account_id = new.account_id and currency = new.currency;
  end if;
  return null;
end $$;
create trigger reservation_holds_amount after insert or update or delete on reservations
  for each row execute function reservation_holds_amount();

create function account_keeps_its_sums() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    if (new.balance, new.reserved, new.entry_count) <> (0, 0, 0) then
      raise exception 'an account is opened empty' using errcode = 'check_violation', constraint = 'accounts_sums';
    end if;
  elsif (new.balance, new.reserved, new.entry_count) is distinct from (old.balance, old.reserved, old.entry_count)
    and pg_trigger_depth() < 2 then
    raise exception 'entries and reservations alone change what an account comes to'
      using errcode = 'check_violation', constraint = 'accounts_sums';
  end if;
  return new;
end $$;
create trigger account_keeps_its_sums before insert or update on accounts
  for each row execute function account_keeps_its_sums();

-- Looked at when the transaction of the database ends, so that the entries of one of ours may be written one by one.
create function transaction_balances() returns trigger language plpgsql as $$
declare
  total   numeric;
  written bigint;
begin
  select coalesce(sum(amount), 0), count(*) into total, written
  from entries where tenant_id = new.tenant_id and transaction_id = new.transaction_id;
  if written < 2 or total <> 0 then
    raise exception 'transaction % does not balance: % entries come to %', new.transaction_id, written, total
      using errcode = 'check_violation', constraint = 'transactions_balance';
  end if;
  return null;
end $$;
create constraint trigger transactions_balance after insert on transactions
  deferrable initially deferred for each row execute function transaction_balances();
create constraint trigger transactions_balance after insert on entries
  deferrable initially deferred for each row execute function transaction_balances();

-- What is written stays: a mistake is put right by another transaction.
create function ledger_is_append_only() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only: put a mistake right by another transaction', tg_table_name
    using errcode = 'check_violation', constraint = 'ledger_is_append_only';
end $$;
create trigger ledger_is_append_only before update or delete on entries
  for each row execute function ledger_is_append_only();
create trigger ledger_is_append_only before update or delete on transactions
  for each row execute function ledger_is_append_only();
create trigger ledger_is_not_emptied before truncate on entries
  for each statement execute function ledger_is_append_only();
create trigger ledger_is_not_emptied before truncate on transactions
  for each statement execute function ledger_is_append_only();
