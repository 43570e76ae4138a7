import { runService } from "@easymo/service-kit";
import { createOperator } from "./app.js";
import { readOperatorConfig } from "./config.js";
import { createKubernetes, loadKubeConfig } from "./runtime/index.js";

await runService("operator", readOperatorConfig, (config, kit) =>
  createOperator(config, {
    ...kit,
    kubernetes: createKubernetes(loadKubeConfig(config.KUBECONFIG)),
  }),
);
