/* Layers one behind the other: the size, the parameters, the cost and the receptive field of each. */

const KNOBS_OF_LAYER = [["channels", 1, 1024], ["kernel_size", 1, 8], ["stride", 1, 4], ["padding", 0, 4]];

/* { size, channels, layers } → for each layer { out, parameters, macs, field }; { why } of one that cannot be. */
function measureLayers({ size, channels, layers }) {
  let reach = Array.from({ length: size }, (_, i) => [i, i]), why = ""; // from where to where a cell looks at the input
  return layers.map((layer, i) => {
    const s = { ...layer, kernel: layer.kernel_size, size, dilation: 1, outputPadding: 0 }, out = outputSize(s);
    const refused = refusal(s) || (out > 1024 ? "The output would be larger than 1024 × 1024." : "");
    why ||= refused && `Layer ${i + 1}: ${refused}`;
    if (why) return { why };
    const weights = channels * layer.channels * s.kernel ** 2;
    reach = Array.from({ length: out }, (_, o) => {
      const cells = axisSources(s, o).flatMap(([i]) => reach[i] ?? []);
      return cells.length ? [Math.min(...cells), Math.max(...cells)] : [];
    });
    const macs = weights * (s.transposed ? size : out) ** 2;
    const field = Math.max(...reach.map(([from, to]) => to - from + 1 || 0));
    [size, channels] = [out, layer.channels];
    return { out, parameters: weights + (layer.bias ? channels : 0), macs, field };
  });
}

function playStack(root, spec) {
  const { layers } = spec, table = element("table", { class: "gan-scores" }), told = element("p", { role: "status" });
  const row = (...cells) => element("tr", {}, ...cells);
  const group = (...children) => element("div", { class: "gan-buttons" }, ...children);
  const knob = (of, name, min, max, who) => numberBox(name, of[name], min, max, (n) => { of[name] = n; show(); }, who);
  let results;

  /* For each layer what can be changed, and below it what comes of it. */
  function layOut(n) {
    while (layers.length < n) layers.push({ ...layers.at(-1) });
    layers.length = n;
    results = layers.map(() => row());
    const head = (name) => element("th", { scope: "col" }, name);
    const heads = ["output", "parameters", "MAC", "field"].map(head);
    table.replaceChildren(element("thead", {}, row(...heads)), ...layers.map((layer, i) => {
      const who = ` of layer ${i + 1}`;
      const kind = tickBox("transposed", layer.transposed, (on) => { layer.transposed = on; show(); }, who);
      const knobs = group(kind, ...KNOBS_OF_LAYER.map((each) => knob(layer, ...each, who)));
      return element("tbody", {}, row(element("th", { colspan: 4, scope: "rowgroup", style: "font-weight: normal" }, knobs)), results[i]);
    }));
    show();
  }

  function show() {
    const rows = measureLayers(spec), whole = (n) => n.toLocaleString("en-US"), { why } = rows.at(-1);
    const sum = (name) => whole(rows.reduce((all, each) => all + each[name], 0));
    rows.forEach(({ out, parameters, macs, field }, i) => {
      const shape = `${layers[i].channels} × ${out} × ${out}`;
      const cells = [shape, whole(parameters ?? 0), whole(macs ?? 0), `${field} × ${field}`];
      results[i].replaceChildren(...cells.map((text) => element("td", {}, out ? text : "–")));
    });
    told.textContent = why || `All layers: ${sum("parameters")} parameters, ${sum("macs")} MAC.`;
  }

  root.append(
    element("p", {}, "Change a layer. Which one costs most? How much of the input can a cell of the last output see: its field?"),
    group("input:", knob(spec, "channels", 1, 1024, " of the input"), knob(spec, "size", 1, 256, " of the input"),
      numberBox("layers", layers.length, 1, 8, layOut)),
    table, told);
  layOut(layers.length);
}

mount("stack", playStack);
