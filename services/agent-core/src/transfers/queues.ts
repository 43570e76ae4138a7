/** Where queues lead: by name for everyone, or by `tenant/name` for one tenant. */
export type TransferQueues = ReadonlyMap<string, string>;

/** The number of a tenant's queue: its own before everyone's. Pure. */
export function queueTarget(
  queues: TransferQueues,
  tenantId: string,
  queue: string,
): string | undefined {
  return queues.get(`${tenantId}/${queue}`) ?? queues.get(queue);
}
