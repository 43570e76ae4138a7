/** Where queues lead: by name for everyone, or by `tenant/name` for one tenant. */
export type TransferQueues = ReadonlyMap<string, string>;

/**
 * Where a tenant's queue leads: its own number before everyone's. A queue that
 * is not configured is the carrier's own of that name, as `queue:<name>`. Pure.
 */
export function queueTarget(
  queues: TransferQueues,
  tenantId: string,
  queue: string,
): string {
  return (
    queues.get(`${tenantId}/${queue}`) ?? queues.get(queue) ?? `queue:${queue}`
  );
}
