// Many alike side by side are drawn as one box with counts, until a person unfolds them: steps that hang on the same and lead to the same.

const MOST = 6;

export function fold(graph, unfolded) {
  const before = new Map(graph.nodes.map(({ id }) => [id, []]));
  const after = new Map(graph.nodes.map(({ id }) => [id, []]));
  for (const { from, to } of graph.edges) { before.get(to)?.push(from); after.get(from)?.push(to); }
  const alike = new Map();
  for (const node of graph.nodes) {
    if (node.kind !== "step") continue;
    const name = [node.label, before.get(node.id).toSorted().join(), after.get(node.id).toSorted().join()].join(" ");
    alike.set(name, [...(alike.get(name) ?? []), node]);
  }
  const into = new Map();
  const stacks = new Map();
  for (const some of alike.values()) {
    if (some.length <= MOST) continue;
    const id = `stack ${some[0].id}`;
    stacks.set(id, some);
    if (!unfolded.has(id)) for (const node of some) into.set(node.id, id);
  }
  const nodes = [];
  for (const node of graph.nodes) {
    const id = into.get(node.id);
    if (!id) nodes.push({ ...node, stack: [...stacks].find(([, some]) => some.includes(node))?.[0] ?? null });
    else if (stacks.get(id)[0] === node) nodes.push(stacked(id, stacks.get(id)));
  }
  const seen = new Set();
  const edges = graph.edges.map((edge) => ({ ...edge, from: into.get(edge.from) ?? edge.from, to: into.get(edge.to) ?? edge.to }))
    .filter((edge) => { const name = `${edge.from} ${edge.to}`; return !seen.has(name) && seen.add(name); });
  return { nodes, edges };
}

function stacked(id, some) {
  const count = (...states) => some.filter((node) => states.includes(node.state)).length;
  const failed = count("DEAD", "CANCELLED", "EXPIRED");
  const succeeded = count("SUCCEEDED");
  const state = failed ? "DEAD" : succeeded === some.length ? "SUCCEEDED" : some.find((node) => node.state === "RUNNING")?.state ?? some.find((node) => node.state)?.state ?? null;
  return { id, kind: "stack", label: `${some[0].label} × ${some.length}`, path: some[0].path, job: null, state, looked: some.every((node) => node.looked), counts: { total: some.length, ended: failed + succeeded, succeeded, failed, exact: true } };
}
