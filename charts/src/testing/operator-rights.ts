/** A rule of RBAC, and why the operator cannot do without it. */
export interface Right {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  /** Each verb with its reason. */
  readonly verbs: Readonly<Record<string, string>>;
}

const SEEN = {
  list: "what is there is seen once, in whole",
  watch: "and then as it changes",
};

/** Where Agents and Channels are. */
export const rightsOnResources: readonly Right[] = [
  {
    apiGroups: ["bridges.easymo.dev"],
    resources: ["agents"],
    verbs: SEEN,
  },
  {
    apiGroups: ["bridges.easymo.dev"],
    resources: ["channels"],
    verbs: {
      get: "as it is this moment, before something is set at its provider",
      ...SEEN,
      patch:
        "the finalizer that holds it until its provider let go, and what was there before",
    },
  },
  {
    apiGroups: ["bridges.easymo.dev"],
    resources: ["agents/status", "channels/status"],
    verbs: { patch: "conditions, addresses, counts" },
  },
  {
    apiGroups: [""],
    resources: ["configmaps"],
    verbs: {
      list: "instructions that Agents keep in ConfigMaps, whose names are theirs",
      watch: "and a change of their words",
    },
  },
  {
    apiGroups: [""],
    resources: ["secrets"],
    verbs: { get: "the one that a Channel names; never all of them" },
  },
  {
    apiGroups: ["events.k8s.io"],
    resources: ["events"],
    verbs: {
      create: "what kubectl describe shows",
      patch: "the count of what happens again",
    },
  },
];

/** Where the release is. */
export const rightsOnRelease: readonly Right[] = [
  {
    apiGroups: [""],
    resources: ["configmaps"],
    resourceNames: ["rel-routing"],
    verbs: {
      list: "the routing document as it is (of another namespace than the Agents', too)",
      watch: "and whoever changes it by hand",
      create: "server-side apply of it, where somebody deleted it",
      patch: "server-side apply of it",
    },
  },
  {
    apiGroups: [""],
    resources: ["pods"],
    verbs: {
      ...SEEN,
      patch: "annotations: the routing document's hash, the cost of deletion",
    },
  },
  {
    apiGroups: ["coordination.k8s.io"],
    resources: ["leases"],
    verbs: { create: "the first replica ever to lead; has no name to bind" },
  },
  {
    apiGroups: ["coordination.k8s.io"],
    resources: ["leases"],
    resourceNames: ["rel-operator"],
    verbs: { get: "who leads", update: "to go on leading" },
  },
];

/** With a Kafka of Strimzi's. */
export const rightsOnTopics: readonly Right[] = [
  {
    apiGroups: ["kafka.strimzi.io"],
    resources: ["kafkatopics"],
    verbs: SEEN,
  },
];

/** While the release goes: of another account, which is there only then. */
export const rightsOfUninstall: readonly Right[] = [
  {
    apiGroups: ["bridges.easymo.dev"],
    resources: ["channels"],
    verbs: {
      list: "the release's own, and those with the operator's finalizer",
      delete: "the release's own, while the operator is there to let go",
      patch: "the finalizer of those that stay",
    },
  },
  {
    apiGroups: ["apps"],
    resources: ["deployments"],
    resourceNames: ["rel-operator"],
    verbs: { delete: "the operator, before finalizers are taken away" },
  },
  {
    apiGroups: [""],
    resources: ["pods"],
    verbs: { list: "whether the operator has gone" },
  },
];

/** As a Role has them. */
export function rulesOf(rights: readonly Right[]) {
  return rights.map(({ verbs, ...rest }) => ({
    ...rest,
    verbs: Object.keys(verbs),
  }));
}
