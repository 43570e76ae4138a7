import { z } from "zod";

/** The setting of every service that routes, to be spread into its own. */
export const routingSettings = {
  /** Path of the routing document (YAML). */
  ROUTING_FILE: z.string().min(1),
};
