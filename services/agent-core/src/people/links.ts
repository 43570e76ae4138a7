import { z } from "zod";
import { select, type Sql } from "../database/port.js";
import { columnsOf, type Identity } from "./fields.js";

const identityRow = z.object({
  kind: z.enum(["phone", "user"]),
  value: z.string(),
});

/**
 * The beginning of a query: `person (origin, kind, value)`, everything that the people of `$2` and `$3` (kinds and values)
 * are known by, by the evidence of leads and of buyers, however many links away; `origin` is the value that was given.
 */
export const withPeople = `with recursive person (origin, kind, value) as (
  select given.value, given.kind, given.value from unnest($2::text[], $3::text[]) as given (kind, value)
  union
  select person.origin, also.kind, also.value
  from person
  join identity_links known
    on known.tenant_id = $1 and known.kind = person.kind and known.value = person.value
  join identity_links also on also.tenant_id = $1 and also.owner_id = known.owner_id
)`;

/** Everything that a person is known by, what is given first. */
export async function linkedIdentities(
  sql: Sql,
  tenantId: string,
  given: readonly Identity[],
): Promise<Identity[]> {
  const found = await select(
    sql,
    identityRow,
    `${withPeople} select distinct kind, value from person order by kind, value`,
    [tenantId, ...columnsOf(given)],
  );
  const isGiven = (one: Identity): boolean =>
    given.some(({ kind, value }) => kind === one.kind && value === one.value);
  return [...given, ...found.filter((one) => !isGiven(one))];
}
