/* The graph that a backward pass walks: one node for each result of an operation, pointing to those of its inputs.
 *
 * A node keeps the tensors that its gradients are made of, and the version of each. Gradients are computed by the same
 * operations as everything else; so with create_graph they are in the graph, too, and can be differentiated again.
 */
function runtimeError(message) {
  return Object.assign(new Error(message), { name: "RuntimeError" });
}

function gradientGraph() {
  const mode = { recording: true };
  let made = 0;

  class Node {
    /* edges: for each input [input, gradient of the result => gradient of the input, ...tensors which that needs] */
    constructor(name, edges) {
      this.name = name;
      this.number = made++; // larger than those of the nodes that it points to
      this.edges = edges.map(([input, gradient]) => ({ node: nodeOf(input), shape: input.shape, gradient }));
      const kept = new Set(edges.flatMap(([input, , ...needed]) => (input.requires_grad ? needed : [])));
      this.saved = Array.from(kept, (tensor) => [tensor, tensor._version]);
      this.freed = this.lost = false;
    }

    get next() {
      return this.edges.map(({ node }) => node);
    }

    free() {
      this.freed = true;
      if (!this.saved.length) return; // nothing is lost: torch, too, goes through such a node again
      this.lost = true;
      this.saved = [];
      for (const edge of this.edges) edge.gradient = undefined;
    }
  }

  /* Where a gradient of this tensor goes; null: it wants none. */
  function nodeOf(tensor) {
    if (!tensor.requires_grad) return null;
    if (tensor.grad_fn) return tensor.grad_fn;
    tensor.accumulator ??= Object.assign(new Node("AccumulateGrad", []), { variable: tensor });
    return tensor.accumulator;
  }

  /* Puts the result of an operation into the graph, if one of its inputs wants gradients. */
  function record(result, name, ...edges) {
    if (mode.recording && edges.some(([input]) => input.requires_grad)) {
      result.requires_grad = true;
      result.grad_fn = new Node(name, edges);
    }
    return result;
  }

  function recording(flag, work) {
    const before = mode.recording;
    mode.recording = flag;
    try {
      return work();
    } finally {
      mode.recording = before;
    }
  }

  /* From the root back: the gradients of `inputs`, or, without inputs, into the `.grad` of every leaf. */
  function walk(root, start, inputs, retain) {
    const waiting = new Map([[nodeOf(root), start]]), found = new Map(inputs?.map((tensor) => [nodeOf(tensor), null]));
    const nodes = reachable(nodeOf(root)), wanted = inputs && leadingTo(nodes, found);
    const give = (node, gradient) => waiting.set(node, waiting.has(node) ? waiting.get(node).add(gradient) : gradient);
    for (const node of nodes) {
      const gradient = waiting.get(node);
      if (!gradient) continue;
      waiting.delete(node);
      if (found.has(node)) found.set(node, own(gradient));
      if (node.variable) {
        if (!inputs) accumulate(node.variable, gradient);
        continue;
      }
      const edges = node.edges.filter((edge) => edge.node && (!wanted || wanted.has(edge.node)));
      if (!edges.length) continue;
      check(node);
      for (const edge of edges) give(edge.node, edge.gradient(gradient).sum_to(edge.shape));
      if (!retain) node.free();
    }
    return inputs?.map((tensor) => found.get(nodeOf(tensor)));
  }

  /* All nodes, each before those that it points to. */
  function reachable(root) {
    const seen = new Set([root]);
    for (const node of seen) for (const edge of node.edges) if (edge.node) seen.add(edge.node);
    return [...seen].sort((a, b) => (a.variable ? 1 : 0) - (b.variable ? 1 : 0) || b.number - a.number);
  }

  /* The nodes from which a way leads to one of these. */
  function leadingTo(nodes, ends) {
    const wanted = new Set(ends.keys());
    for (const node of [...nodes].reverse()) if (node.edges.some((edge) => wanted.has(edge.node))) wanted.add(node);
    return wanted;
  }

  function check(node) {
    if (node.lost) {
      throw runtimeError("Trying to backward through the graph a second time. Saved intermediate values of the graph "
        + "are freed when you call .backward() or autograd.grad(). Specify retain_graph=True if you need to do so.");
    }
    for (const [tensor, version] of node.saved) {
      if (tensor._version === version) continue;
      const what = `[torch.FloatTensor ${listed(tensor.shape)}]`;
      const from = tensor.grad_fn ? `, which is output 0 of ${tensor.grad_fn.name},` : "";
      throw runtimeError("one of the variables needed for gradient computation has been modified by an inplace "
        + `operation: ${what}${from} is at version ${tensor._version}; expected version ${version} instead.`);
    }
  }

  /* The same tensor, unless its numbers are some tensor's `.grad` already: each has numbers of its own. */
  function own(gradient) {
    const mine = gradient.storage.owned || gradient.turned ? gradient.clone() : gradient;
    mine.storage.owned = true;
    return mine;
  }

  function accumulate(leaf, gradient) {
    if (!leaf.grad) leaf.grad = own(gradient);
    else if (mode.recording) leaf.grad = leaf.grad.add(gradient);
    else leaf.grad.add_(gradient);
  }

  function startOf(root, gradient) {
    if (!root.requires_grad) {
      throw runtimeError("element 0 of tensors does not require grad and does not have a grad_fn");
    }
    if (!gradient && root.data.length === 1) return root.ones_like();
    if (!gradient) throw runtimeError("grad can be implicitly created only for scalar outputs");
    if (sameShape(gradient.shape, root.shape)) return own(gradient);
    throw runtimeError(`Mismatch in shape: grad_output ${listed(gradient.shape)} and output ${listed(root.shape)}`);
  }

  /* torch.autograd.grad, for one output */
  function grad(output, inputs, options = {}) {
    const { grad_outputs, create_graph = false, retain_graph = create_graph, allow_unused } = options;
    const start = startOf(output, grad_outputs), asked = [inputs].flat();
    if (asked.some((tensor) => !tensor.requires_grad)) {
      throw runtimeError("One of the differentiated Tensors does not require grad");
    }
    const gradients = recording(create_graph, () => walk(output, start, asked, retain_graph));
    const unused = gradients.indexOf(null);
    if (allow_unused || unused < 0) return gradients;
    throw runtimeError(`The differentiated Tensor at index ${unused} appears to not have been used in the graph. Set `
      + "allow_unused=True if this is the desired behavior.");
  }

  function backward(root, { gradient, create_graph = false, retain_graph = create_graph } = {}) {
    const start = startOf(root, gradient);
    recording(create_graph, () => walk(root, start, undefined, retain_graph));
  }

  return { mode, record, recording, grad, backward };
}
