import type { RoutingTable } from "./table.js";

/** Where a service asks for the routing that is in force now. */
export interface RoutingSource {
  current(): RoutingTable;
  /** Calls the listener after each change that was taken up; the answer ends that. */
  onChange(listener: (table: RoutingTable) => void): () => void;
  close(): Promise<void>;
}

/** Routing that does not change. */
export function fixedRouting(table: RoutingTable): RoutingSource {
  return {
    current: () => table,
    onChange: () => () => undefined,
    close: () => Promise.resolve(),
  };
}
