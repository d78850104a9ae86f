/* gan_lib/chapters/ledger.py in the page: the same networks and numbers, run line by line, and watched. */

/* What the lines may use; `seen(what, inputs, output, more)` is told of every layer and loss. */
function wiringNames(torch, seen) {
  const { Linear, Tanh, functional } = torch.nn;
  torch.manual_seed(0);
  const network = (of, n, width, out) => {
    const layers = { first: new Linear(n, width), tanh: new Tanh(), last: new Linear(width, out) };
    const weights = Object.values(layers).flatMap((layer) => layer.parameters());
    const through = (x) => Object.entries(layers).reduce((h, [what, layer]) => {
      const y = layer.forward(h);
      seen(what, [h], y, { of, weight: layer.weight });
      return y;
    }, x);
    const requires_grad_ = (flag) => weights.forEach((w) => w.requires_grad_(flag));
    return Object.assign(through, { weights, requires_grad_, adam: new torch.optim.Adam(weights, { lr: 0.05 }) });
  };
  const G = network("G", 4, 8, 2), D = network("D", 2, 8, 1), ones = torch.ones(16, 1);
  const bce = (logits, target) => {
    const loss = functional.binary_cross_entropy_with_logits(logits, target);
    seen("bce", [logits], loss, { title: `bce(·, ${target === ones ? "ones" : "zeros"})` });
    return loss;
  };
  const z = torch.randn([16, 4]), real = torch.randn([16, 2]).add(2);
  return { G, D, opt_g: G.adam, opt_d: D.adam, bce, z, real, ones, zeros: torch.zeros(16, 1) };
}

/* The first `count` lines, or up to the one that raises. → gradients, error and steps as the ledger tells them;
 * names: what the lines have left; calls: every layer, loss, detach and sum; walk: the last backward's walkFrom. */
function runWiring(torch, lines, count = lines.length) {
  const found = { lines, gradients: {}, error: null, steps: { D: "not reached", G: "not reached" }, calls: [] };
  let line = -1; // outside of the lines nothing is noted
  const names = found.names = wiringNames(torch, (...call) => noted(...call));
  const right = { D: [ownGradient(torch, names, "D")], G: [ownGradient(torch, names, "G")] };

  function noted(what, inputs, output, more) {
    if (line >= 0 && output?.shape) found.calls.push({ what, inputs, output, ...more });
  }

  for (let i = 0; i < count && !found.error; i++) {
    const text = lines[i], [name, method] = text.split(/[.(]/), who = name === "opt_d" ? "D" : "G";
    const before = { G: gradientOf(names.G), D: gradientOf(names.D) };
    if (text === "g_loss = bce(D(fake), ones)") right.G.push(ownGradient(torch, names, "G")); // D may have stepped
    if (method === "step") found.steps[who] = verdictFor(before[who], right[who]);
    if (method === "backward") found.walk = walkFrom(names[name].grad_fn, i);
    line = i;
    const error = torchRaises(() => runLine(text, names, noted));
    line = -1;
    if (error) found.error = [i, error.message.split(/\n|\. /)[0]];
    else if (method === "backward") found.gradients[i] = { G: added("G"), D: added("D") };

    function added(to) {
      return lengthOf(gradientOf(names[to]).map((v, k) => v - before[to][k]));
    }
  }
  return found;
}

/* ∂ (its own loss) / ∂ its weights and nothing else, at this moment. */
function ownGradient(torch, { G, D, bce, z, real, ones, zeros }, who) {
  const loss = who === "G" ? bce(D(G(z)), ones) : bce(D(real), ones).add(bce(D(G(z).detach()), zeros));
  return torch.autograd.grad(loss, (who === "G" ? G : D).weights).flatMap(({ data }) => [...data]);
}

/* What lies in .grad, zeros where nothing does. */
function gradientOf({ weights }) {
  return weights.flatMap(({ grad, data }) => [...(grad?.data ?? data.map(() => 0))]);
}

const lengthOf = (numbers) => Math.hypot(...numbers);

function verdictFor(used, right) {
  const close = (own) => used.every((v, i) => Math.abs(v - own[i]) <= 1e-7 + 1e-4 * Math.abs(own[i]));
  if (!used.some((v) => v)) return "none";
  if (right.some(close)) return "right";
  const own = right.at(-1), product = used.reduce((sum, v, i) => sum + v * own[i], 0);
  return `wrong ${(product / lengthOf(used) / lengthOf(own)).toFixed(2)}`;
}

/* A node and all behind it, but those in `end` and what lies behind them alone. */
function nodesBelow(root, end = []) {
  const found = new Set(root ? [root] : []);
  for (const node of found) // what is added meanwhile is visited, too
    for (const next of node.next) if (next && !end.includes(next)) found.add(next);
  return [...found];
}

const isStale = ([tensor, version]) => tensor._version !== version;

/* Which nodes a backward in this line is going to go through, and before which one it has to stop: in torch's order the
 * first that has been freed, or that keeps what has changed since. */
function walkFrom(root, line) {
  const all = nodesBelow(root).sort((a, b) => b.number - a.number);
  const stop = all.find((node) => node.lost || node.saved.some(isStale));
  return { line, stop, nodes: new Set(stop ? all.filter((node) => node.number > stop.number) : all) };
}
