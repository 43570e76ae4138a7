import { z } from "zod";
import { apiVersion, type ResourceKind } from "./names.js";

/** What the operator reads of an object's metadata; the rest (managedFields and the like) is dropped. */
const objectMetadata = z.object({
  name: z.string(),
  namespace: z.string(),
  uid: z.string(),
  resourceVersion: z.string().optional(),
  generation: z.int().default(1),
  creationTimestamp: z.union([
    z.string(),
    // The client's models make dates of timestamps; its raw answers do not.
    z.date().transform((date) => date.toISOString()),
  ]),
  deletionTimestamp: z
    .union([z.string(), z.date().transform((date) => date.toISOString())])
    .optional(),
  finalizers: z.array(z.string()).default([]),
  labels: z.record(z.string(), z.string()).default({}),
  annotations: z.record(z.string(), z.string()).default({}),
});

/** A resource as the API server answers it. */
export function resource<
  Kind extends ResourceKind,
  Spec extends z.ZodType,
  Status extends z.ZodType,
>(kind: Kind, spec: Spec, status: Status) {
  return z.object({
    apiVersion: z.literal(apiVersion).default(apiVersion),
    // Items of a list carry neither; the list does.
    kind: z.literal(kind).default(kind),
    metadata: objectMetadata,
    spec,
    status: status.optional(),
  });
}
