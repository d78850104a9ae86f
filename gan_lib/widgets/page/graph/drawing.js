/* The computation graph of a wiring, from z at the top to the losses at the bottom. A box is what was really called, its
 * state that of torch's nodes behind it. Lanes: D on the real points, the fakes in D's loss, the fakes in G's. */

const LANE = 118, PITCH = 38, WIDE = 111, HIGH = 26; // of the picture, and of a box in it
const ROWS = { G: 1, D: 5, first: 0, tanh: 1, last: 2, detach: 4, real: 4, bce: 8, "+": 9, loss: 10 };
const TITLES = { first: "Linear W₁", last: "Linear W₂", detach: "detach()" };

/* What was called → boxes with their places, and edges. */
function placeCalls({ calls, names }) {
  const makers = new Map(), boxes = [], edges = [], passes = { G: 0, D: 0 };

  function put(title, lane, row, tensor, call) {
    const box = { title, lane, row, tensor, call, place: `${lane},${row}`, x: 84 + lane * LANE, y: 18 + row * PITCH };
    boxes.push(box);
    makers.set(tensor, box);
    return box;
  }
  const join = (tensor, from, to) => edges.push({ tensor, from, to });

  put("real", 0, ROWS.real, names.real);
  for (const call of calls) {
    const { what, of, inputs, output, title = TITLES[what] || what } = call, [first] = inputs;
    let lane = makers.get(first)?.lane;
    if (what === "first" && first !== names.real) lane = Math.min(2, ++passes[of]);
    if (what === "bce" && lane) lane = title.includes("zeros") ? 1 : 2;
    if (what === "+") lane = 0.5;
    if (first === names.z) put("z", lane, 0, first);
    const from = inputs.map((input) => makers.get(input));
    const box = put(title, lane, ROWS[what] + (ROWS[of] || 0), output, call);
    inputs.forEach((input, i) => join(input, from[i], box));
  }
  for (const [name, lane] of [["d_loss", 0.5], ["g_loss", 2]]) {
    const loss = names[name], from = makers.get(loss);
    if (loss) join(loss, from, put(`${name} ${loss.item().toFixed(2)}`, lane, ROWS.loss, loss));
  }
  return { boxes, edges };
}

/* What has become of the nodes of a box that was called, and what they keep. */
function lookInto(box, { names, walk, error }, walked) {
  const { inputs, output, weight } = box.call;
  const nodes = nodesBelow(output.grad_fn, inputs.map((input) => input.grad_fn)).filter((node) => !node.variable);
  const held = new Set(Object.values(names).flatMap(({ grad_fn }) => nodesBelow(grad_fn)));
  const kept = nodes.flatMap((node) => node.saved), any = (test) => nodes.some(test);
  const lit = any((node) => walked.has(node));
  const toWeight = nodes.flatMap((node) => node.next).find((next) => weight && next?.variable === weight);
  Object.assign(box, {
    nodes, kept, version: kept.find(([tensor]) => tensor.storage === weight?.storage),
    port: !toWeight ? "gan-off" : lit && walked.has(toWeight) ? "gan-full" : "",
    states: {
      "gan-lit": lit,
      "gan-freed": any((node) => node.lost),
      "gan-dropped": nodes.length && !any((node) => held.has(node)),
      "gan-stale": kept.some(isStale),
      "gan-blamed": error && nodes.includes(walk.stop),
    },
  });
}

function drawEdge({ from, to, tensor }) {
  const a = from.y + HIGH / 2, b = to.y - HIGH / 2, bend = (a + b) / 2;
  const flows = tensor.requires_grad && to.call?.what !== "detach";
  const d = `M${from.x} ${a}C${from.x} ${bend} ${to.x} ${bend} ${to.x} ${b}`;
  const name = !flows ? "gan-value" : to.states["gan-lit"] ? "gan-lit" : "";
  return svg("path", { d, class: name, style: `--row: ${to.row}` });
}

const drawFrame = ({ x, y, call }, name = "") =>
  svg("rect", { class: name, x: x - WIDE / 2, y: y - HIGH / 2, width: WIDE, height: HIGH, rx: call ? 4 : 13 });

function drawBox(box) {
  const { x, y, title, states, version, port, call } = box, names = Object.keys(states).filter((name) => states[name]);
  const right = x + WIDE / 2, parts = [drawFrame(box)];
  const write = (text, at, anchor, name = "") =>
    parts.push(svg("text", { class: name, x: at, y: y + 4, "text-anchor": anchor }, text));
  const dot = (r, name) => parts.push(svg("circle", { class: name, cx: right, cy: y, r }));
  if (!call?.weight) write(title, x, "middle");
  else {
    write(title, x - WIDE / 2 + 6, "start");
    const [tensor, kept] = version || [];
    if (version) write(`v${kept}${isStale(version) ? `≠${tensor._version}` : ""}`, right - 8, "end", "gan-version");
    dot(4.5, `gan-port ${port}`);
  }
  if (states["gan-blamed"]) {
    dot(9, "gan-cross");
    write("✗", right, "middle", "gan-cross");
  }
  return svg("g", { "data-box": box.place, class: names.join(" "), style: `--row: ${box.row}` }, ...parts);
}

/* Brackets and letters beside the layers of both networks. */
const drawNetworks = () => svg("g", { class: "gan-networks" }, svg("path", { d: "M141 43h-5v102h5M23 195h-5v102h5" }),
  svg("text", { x: 117, y: 99 }, "G"), svg("text", { x: 0, y: 251 }, "D"));

const nameOf = ({ call, title }) => (call?.of ? `${call.of}’s ${title}` : title);

function detailOf(box) {
  const { call, nodes, kept, states, tensor } = box, shape = ({ shape: sizes }) => `(${sizes.join(", ")})`;
  if (!call) return `${box.title}: ${shape(tensor)}`;
  if (!nodes.length) return `${nameOf(box)}: no gradient is asked for, so the graph ends here.`;
  const what = nodes.length > 3 ? `${nodes.length} nodes` : nodes.map((node) => node.name).join(", ");
  const now = ([saved, version]) => (saved._version === version ? "" : `, now ${saved._version}`);
  const parts = kept.map((pair) => `${shape(pair[0])} of version ${pair[1]}${now(pair)}`).join(" and ");
  const fate = states["gan-freed"] ? "is freed: no backward can come through again" : `keeps ${parts || "nothing"}`;
  return `${nameOf(box)} (${what}) ${fate}${states["gan-dropped"] ? "; no variable holds it" : ""}.`;
}

/* The picture in words. */
function toldOf(boxes) {
  const list = (state, before) => {
    const some = boxes.filter(({ call, states }) => call && states[state]).map(nameOf);
    return some.length ? `; ${before} ${some.join(", ")}` : "";
  };
  const ways = list("gan-lit", "the gradient went through") + list("gan-freed", "freed:");
  return `computation graph${ways}${list("gan-blamed", "the error is about")}`;
}

class GraphDrawing {
  constructor() {
    this.svg = svg("svg", { viewBox: "0 0 382 416", role: "img" });
    this.detail = element("p", { "aria-live": "polite" });
    const keys = { "gan-lit": "the gradient went here", "gan-full": "weights that got some", "gan-freed": "freed",
      "gan-dropped": "no variable holds it", "gan-stale": "keeps a value that was changed since" };
    const legend = Object.entries(keys).map(([name, text]) => element("span", { class: name }, text));
    this.node = element("div", { class: "gan-graph" }, this.makeWalker(), this.detail,
      element("p", { class: "gan-keys" }, ...legend));
  }

  /* What chooses a box: pointer, finger, arrow keys. */
  makeWalker() {
    const label = "computation graph; the arrow keys choose a box";
    const walker = element("div", { tabindex: 0, role: "group", "aria-label": label }, this.svg);
    const choose = ({ target }) => { const box = target.closest("[data-box]"); if (box) this.choose(box.dataset.box); };
    this.svg.addEventListener("pointermove", choose);
    this.svg.addEventListener("pointerdown", choose);
    walker.addEventListener("keydown", (event) => {
      const step = { ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1, ArrowRight: 1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const places = this.boxes.map((box) => box.place); // in the order in which they were called
      this.choose(places.at((places.indexOf(this.chosen) + step) % places.length));
    });
    return walker;
  }

  choose(place) {
    this.chosen = place;
    const nodes = this.svg.querySelectorAll("[data-box]"), box = this.boxes.find((other) => other.place === place);
    for (const node of nodes) node.classList.toggle("gan-chosen", node.dataset.box === place);
    this.detail.textContent = box ? detailOf(box) : "Point at a box, or choose one by arrow keys: what does it keep?";
  }

  /* whole: all that this wiring will ever show, in outline; now: the line that ran last. A backward's path is lit while
   * it is that line. */
  show(run, whole, now) {
    const { boxes, edges } = placeCalls(run), walked = run.walk?.line === now ? run.walk.nodes : new Set();
    for (const box of boxes) {
      if (box.call) lookInto(box, run, walked);
      else box.states = { "gan-value": true, "gan-lit": box.row === ROWS.loss && walked.has(box.tensor.grad_fn) };
    }
    this.boxes = boxes;
    const ghosts = placeCalls(whole).boxes.filter(({ place }) => !boxes.some((box) => box.place === place));
    this.svg.replaceChildren(drawNetworks(), ...ghosts.map((box) => drawFrame(box, "gan-ghost")), ...edges.map(drawEdge),
      ...boxes.map(drawBox));
    this.svg.setAttribute("aria-label", toldOf(boxes));
    this.choose(this.chosen);
  }
}
