import { z } from "zod";
import type { Manifest } from "./helm.js";

const container = z.looseObject({
  name: z.string(),
  image: z.string(),
  env: z
    .array(z.looseObject({ name: z.string(), value: z.string().optional() }))
    .default([]),
  securityContext: z.looseObject({
    allowPrivilegeEscalation: z.boolean(),
    readOnlyRootFilesystem: z.boolean(),
    capabilities: z.object({ drop: z.array(z.string()) }),
  }),
  resources: z.object({
    requests: z.record(z.string(), z.unknown()),
    limits: z.record(z.string(), z.unknown()),
  }),
  volumeMounts: z.array(z.looseObject({ mountPath: z.string() })).default([]),
  startupProbe: z.unknown().optional(),
  livenessProbe: z.unknown().optional(),
  readinessProbe: z.unknown().optional(),
});

const deployment = z.looseObject({
  replicas: z.number().optional(),
  strategy: z.unknown().optional(),
  template: z.object({
    metadata: z.looseObject({
      annotations: z.record(z.string(), z.string()).default({}),
    }),
    spec: z.looseObject({
      terminationGracePeriodSeconds: z.number(),
      automountServiceAccountToken: z.boolean(),
      securityContext: z.looseObject({
        runAsNonRoot: z.boolean(),
        runAsUser: z.number(),
        seccompProfile: z.object({ type: z.string() }),
      }),
      containers: z.array(container).length(1),
    }),
  }),
});

/** What a test asks of a Deployment. */
export function deploymentOf(manifest: Manifest) {
  const spec = deployment.parse(manifest.spec);
  const pod = spec.template.spec;
  const [only] = pod.containers;
  if (only === undefined) throw new Error("no container");
  return {
    spec,
    pod,
    container: only,
    annotations: spec.template.metadata.annotations,
    env: new Map(only.env.map((variable) => [variable.name, variable])),
  };
}
