import {
  createServiceHttp,
  type ServiceApp,
  type ServiceKit,
} from "@easymo/service-kit";
import type { OperatorConfig } from "./config.js";
import {
  KubernetesEventRecorder,
  LeaderElection,
  type Kubernetes,
} from "./runtime/index.js";
import { composeQuestions } from "./questions.js";
import { Works } from "./works.js";

/** What the operator is composed of; nothing of it is started here. */
export interface OperatorDeps extends ServiceKit {
  readonly kubernetes: Kubernetes;
}

/** Keeps what Agents and Channels ask for. Composes the service; starts nothing. */
export function createOperator(
  config: OperatorConfig,
  deps: OperatorDeps,
): ServiceApp {
  const { kubernetes } = deps;
  const events = new KubernetesEventRecorder({
    ...deps,
    instance: config.POD_NAME,
  });
  const works = new Works(composeQuestions(config, deps, events), {
    ...deps,
    election: new LeaderElection({
      ...deps,
      lease: {
        namespace: config.POD_NAMESPACE,
        name: config.LEASE_NAME ?? `${config.RELEASE_NAME}-operator`,
      },
      identity: config.POD_NAME,
    }),
  });
  const http = createServiceHttp({
    kit: deps,
    // Who does not lead is ready too: it has seen everything, and may have to lead at any moment.
    dependencies: {
      kubernetes: () => kubernetes.check(),
      caches: () => works.checkSynced(),
    },
    configure: () => undefined,
  });
  return {
    http,
    start: () => {
      works.start();
      return Promise.resolve();
    },
    drain: async () => {
      await works.stopLeading();
      await events.flush();
    },
    close: async () => {
      await works.stop();
      await kubernetes.close();
    },
  };
}
