-- The channel on which a person was last heard from.
alter table leads add column last_channel text;
