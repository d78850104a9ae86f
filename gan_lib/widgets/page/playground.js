/* The arithmetic playground: convolution and transposed convolution, cell by cell. */

const KNOBS = [ // name, label, from, to
  ["size", "input size", 1, 8], ["kernel", "kernel_size", 1, 5], ["stride", "stride", 1, 4], ["padding", "padding", 0, 4],
  ["dilation", "dilation", 1, 3], ["outputPadding", "output_padding", 0, 3],
];

function playArithmetic(root, spec) {
  new Playground(root, spec);
}

class Playground {
  constructor(root, spec) {
    this.setting = { ...spec };
    this.cell = null; // the output cell under the pointer or the arrow keys; null: the kernel's step is shown
    this.input = svg("svg", { class: "gan-grid gan-input", role: "img" });
    this.output = svg("svg", { class: "gan-grid gan-output", role: "img" });
    this.formula = element("p", { class: "gan-formula" });
    this.filled = element("p", { class: "gan-formula" });
    this.code = element("code", { class: "gan-line" });
    this.told = element("p", { role: "status" });
    this.alarm = element("p", { role: "alert" });
    this.step = element("input", { type: "range", min: 0, step: 1, value: 0, "aria-label": "step of the kernel" });
    this.stepText = element("output");
    this.heat = element("input", { type: "checkbox" });
    const group = `kind-${Math.random()}`;
    this.kinds = [false, true].map((transposed) => this.makeKind(transposed, group));
    this.knobs = KNOBS.map((knob) => this.makeKnob(...knob));
    this.step.addEventListener("input", () => { this.cell = null; this.redraw(); });
    this.heat.addEventListener("change", () => this.redraw());
    this.layOut(root);
    this.redraw();
  }

  change(name, value) {
    this.setting[name] = value;
    this.cell = null;
    this.redraw();
  }

  makeKind(transposed, group) {
    const radio = element("input", { type: "radio", name: group, "data-transposed": transposed });
    radio.addEventListener("change", () => this.change("transposed", transposed));
    return radio;
  }

  makeKnob(name, label, min, max) {
    const range = element("input", { type: "range", min, max, step: 1, value: this.setting[name], "aria-label": label, "data-knob": name });
    const value = element("output");
    range.addEventListener("input", () => this.change(name, range.valueAsNumber));
    return { name, range, value, row: element("label", {}, element("code", {}, label), range, value) };
  }

  layOut(root) {
    const { kinds, heat, knobs, step, stepText, input, alarm, formula, filled, told, code } = this;
    root.append(
      element("div", { class: "gan-buttons", role: "group", "aria-label": "operation" },
        element("label", {}, kinds[0], "convolution"), element("label", {}, kinds[1], "transposed convolution"),
        element("label", {}, heat, "count the products of each output cell")),
      element("div", { class: "gan-columns" },
        element("div", { class: "gan-controls gan-sliders gan-knobs" }, ...knobs.map((k) => k.row),
          element("label", {}, element("code", {}, "step"), step, stepText)),
        element("div", {}, element("p", {}, "input x"), input),
        element("div", {}, element("p", {}, "output y"), this.makeWalker())),
      alarm, formula, filled, told, element("p", {}, code));
  }

  /* The output's grid with what chooses one of its cells: pointer, finger, arrow keys. */
  makeWalker() {
    const cellOf = (event) => event.target.dataset?.cell?.split(",").map(Number);
    const choose = (event) => {
      const cell = cellOf(event);
      if (cell && String(cell) !== String(this.cell)) { this.cell = cell; this.redraw(); }
    };
    const release = () => { if (this.cell) { this.cell = null; this.redraw(); } };
    this.output.addEventListener("pointermove", choose);
    this.output.addEventListener("pointerdown", choose);
    this.output.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse") release(); });
    const label = "output; the arrow keys choose a cell";
    const walker = element("div", { class: "gan-walker", tabindex: 0, role: "group", "aria-label": label }, this.output);
    walker.addEventListener("keydown", (event) => {
      if (event.key === "Escape") release();
      const move = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
      if (!move || refusal(this.setting)) return;
      event.preventDefault();
      const last = outputSize(this.setting) - 1;
      this.cell = this.cell ? this.cell.map((v, i) => Math.min(last, Math.max(0, v + move[i]))) : [0, 0];
      this.redraw();
    });
    return walker;
  }

  redraw() {
    const s = this.setting, why = refusal(s), n = why ? 0 : outputSize(s);
    this.kinds.forEach((radio, i) => { radio.checked = s.transposed === Boolean(i); });
    for (const { name, range, value, row } of this.knobs) {
      value.textContent = range.value;
      if (name === "outputPadding") row.hidden = !s.transposed;
    }
    const [letters, numbers] = sizeFormula(s);
    this.alarm.textContent = why;
    this.formula.textContent = `output = ${letters}`;
    this.filled.textContent = why ? "" : `output = ${numbers}`;
    this.code.textContent = torchLine(s) + (why ? "" : `  # (1, 1, ${n}, ${n})`);
    this.drawBoth(n, this.walk(why ? 0 : s.transposed ? s.size : n));
  }

  /* The step slider over steps × steps positions → the kernel's [row, column]. */
  walk(steps) {
    const { step, stepText } = this, across = Math.max(1, steps);
    step.disabled = !steps;
    step.max = Math.max(0, steps * steps - 1);
    stepText.textContent = steps ? `${step.valueAsNumber + 1} / ${steps * steps}` : "";
    step.setAttribute("aria-valuetext", stepText.textContent);
    return [Math.floor(step.valueAsNumber / across), step.valueAsNumber % across];
  }

  drawBoth(n, at) {
    const { setting: s, cell, input, output } = this, heat = this.heat.checked;
    const shown = cell || (s.transposed ? null : at), read = n && shown ? sources(s, shown) : [];
    const reads = new Set(read.map(({ y, x }) => `${y},${x}`));
    const writes = new Set((cell ? [cell] : n ? touched(s, at) : []).map(String));
    const margin = s.transposed ? 0 : s.padding, stamp = s.transposed && !cell && n > 0;
    drawGrid(input, s.size, margin, (y, x) => ({ on: reads.has(`${y},${x}`) || (stamp && `${y},${x}` === String(at)) }));
    const counts = heat ? products(s, n) : [], most = Math.max(1, ...counts) ** 2;
    drawGrid(output, n, 0, (y, x) => ({
      on: writes.has(`${y},${x}`), focus: cell && String(cell) === `${y},${x}`,
      ...(heat ? { heat: (counts[y] * counts[x]) / most, text: counts[y] * counts[x] } : {}),
    }));
    this.told.textContent = !n ? "" : shown ? sumOf(s, shown, read)
      : `x[${at}] times the kernel is added to ${touched(s, at).length} output cells.`;
    if (counts.length) this.told.textContent += ` The output cells sum ${Math.min(...counts) ** 2} to ${Math.max(...counts) ** 2} products each.`;
    const padding = margin ? `, with ${margin} cells of padding around` : "";
    input.setAttribute("aria-label", `input, ${s.size} by ${s.size}${padding}; ${reads.size} cells are read`);
    output.setAttribute("aria-label", n ? `output, ${n} by ${n}; ${this.told.textContent}` : "no output: this setting is refused");
  }
}

/* Along one axis: how many products each of the n output cells sums. */
function products(s, n) {
  return Array.from({ length: n }, (_, i) => axisSources(s, i).filter(([at]) => at >= 0 && at < s.size).length);
}

/* "y[0,1] = w[0,0]·x[0,1] + …" */
function sumOf(s, shown, read) {
  const inside = read.filter(({ y, x }) => y >= 0 && x >= 0 && y < s.size && x < s.size);
  const terms = inside.map(({ y, x, ky, kx }) => `w[${ky},${kx}]·x[${y},${x}]`), zeros = read.length - inside.length;
  return `y[${shown}] = ${terms.length ? terms.join(" + ") : "0, for no input reaches it"}`
    + (zeros ? ` (and ${zeros} products with the padding's zeros)` : "");
}

function torchLine(s) {
  const options = [`kernel_size=${s.kernel}`, `stride=${s.stride}`, `padding=${s.padding}`,
    ...(s.transposed ? [`output_padding=${s.outputPadding}`] : []), `dilation=${s.dilation}`];
  return `nn.Conv${s.transposed ? "Transpose" : ""}2d(1, 1, ${options.join(", ")})(torch.zeros(1, 1, ${s.size}, ${s.size}))`;
}

/* Cells −margin … n − 1 + margin; those outside are the padding. marks(y, x) → { on, focus, heat, text } */
function drawGrid(node, n, margin, marks) {
  const cells = [];
  for (let y = -margin; y < n + margin; y++)
    for (let x = -margin; x < n + margin; x++) {
      const mark = marks(y, x), outside = y < 0 || x < 0 || y >= n || x >= n;
      const rect = svg("rect", { x: x + 0.04, y: y + 0.04, width: 0.92, height: 0.92, "data-cell": `${y},${x}`,
        class: [outside ? "gan-outside" : "", mark.on ? "gan-on" : "", mark.focus ? "gan-focus" : ""].join(" ").trim() });
      if (mark.heat !== undefined) rect.style.setProperty("--heat", mark.heat);
      cells.push(rect);
      if (mark.text !== undefined) cells.push(svg("text", { x: x + 0.5, y: y + 0.5 }, mark.text));
    }
  const side = n + 2 * margin;
  node.setAttribute("viewBox", `${-margin - 0.1} ${-margin - 0.1} ${side + 0.2} ${side + 0.2}`);
  node.style.width = `${Math.min(28 * side, 340)}px`;
  node.replaceChildren(...cells);
}

mount("arithmetic", playArithmetic);
