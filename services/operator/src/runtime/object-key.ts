/** Which object of a kind: the work queue's keys. What has no namespace has an empty one. */
export interface ObjectKey {
  readonly namespace: string;
  readonly name: string;
}

/** `<namespace>/<name>`, as kubectl and logs write it. */
export function keyText({ namespace, name }: ObjectKey): string {
  return `${namespace}/${name}`;
}
