/* The arithmetic playground: convolution and transposed convolution, cell by cell. */

const KNOBS = [ // name, label, from, to
  ["size", "input size", 1, 8], ["kernel", "kernel_size", 1, 5], ["stride", "stride", 1, 4], ["padding", "padding", 0, 4],
  ["dilation", "dilation", 1, 3], ["outputPadding", "output_padding", 0, 3],
];

function playArithmetic(root, spec) {
  const s = { ...spec };
  let cell = null; // the output cell under the pointer or the arrow keys; null: the kernel's step is shown
  const input = grid("input"), output = grid("output");
  const formula = element("p", { class: "gan-formula" }), filled = element("p", { class: "gan-formula" });
  const code = element("code", { class: "gan-line" }), told = element("p", { role: "status" }), alarm = element("p", { role: "alert" });
  const step = element("input", { type: "range", min: 0, step: 1, value: 0, "aria-label": "step of the kernel" });
  const stepText = element("output"), heat = element("input", { type: "checkbox" });
  const kinds = [false, true].map((transposed) => {
    const radio = element("input", { type: "radio", name: `kind-${Math.random()}`, "data-transposed": transposed });
    radio.addEventListener("change", () => { s.transposed = transposed; cell = null; redraw(); });
    return radio;
  });
  kinds[1].name = kinds[0].name;
  const knobs = KNOBS.map(([name, label, from, to]) => {
    const range = element("input", { type: "range", min: from, max: to, step: 1, value: s[name], "aria-label": label, "data-knob": name });
    const value = element("output");
    range.addEventListener("input", () => { s[name] = range.valueAsNumber; cell = null; redraw(); });
    return { name, range, value, row: element("label", {}, element("code", {}, label), range, value) };
  });

  function grid(what) {
    const node = svg("svg", { class: `gan-grid gan-${what}`, role: "img" });
    return Object.assign(node, { what });
  }

  /* Cells −margin … n − 1 + margin; those outside are the padding. */
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

  function redraw() {
    const why = refusal(s), n = why ? 0 : outputSize(s), steps = s.transposed ? s.size : n;
    kinds.forEach((radio, i) => { radio.checked = s.transposed === Boolean(i); });
    for (const { name, range, value, row } of knobs) {
      value.textContent = range.value;
      if (name === "outputPadding") row.hidden = !s.transposed;
    }
    alarm.textContent = why;
    const [letters, numbers] = sizeFormula(s);
    formula.textContent = `output = ${letters}`;
    filled.textContent = why ? "" : `output = ${numbers}`;
    const options = [`kernel_size=${s.kernel}`, `stride=${s.stride}`, `padding=${s.padding}`,
      ...(s.transposed ? [`output_padding=${s.outputPadding}`] : []), `dilation=${s.dilation}`];
    code.textContent = `nn.Conv${s.transposed ? "Transpose" : ""}2d(1, 1, ${options.join(", ")})(torch.zeros(1, 1, ${s.size}, ${s.size}))`
      + (why ? "" : `  # (1, 1, ${n}, ${n})`);
    step.disabled = Boolean(why);
    step.max = Math.max(0, steps * steps - 1);
    const at = [Math.floor(step.valueAsNumber / Math.max(1, steps)), step.valueAsNumber % Math.max(1, steps)];
    stepText.textContent = why ? "" : `${step.valueAsNumber + 1} / ${steps * steps}`;
    step.setAttribute("aria-valuetext", stepText.textContent);
    drawBoth(n, at);
  }

  function drawBoth(n, at) {
    const shown = cell || (s.transposed ? null : at);
    const read = n && shown ? sources(s, shown) : [];
    const written = cell ? [cell] : n ? touched(s, at) : [];
    const reads = new Set(read.map(({ y, x }) => `${y},${x}`)), writes = new Set(written.map(String));
    const margin = s.transposed ? 0 : s.padding, stamp = s.transposed && !cell && n > 0;
    drawGrid(input, s.size, margin, (y, x) => ({ on: reads.has(`${y},${x}`) || (stamp && `${y},${x}` === String(at)) }));
    const counts = heat.checked ? Array.from({ length: n }, (_, i) => axisSources(s, i).filter(([at]) => at >= 0 && at < s.size).length) : [];
    const most = Math.max(1, ...counts) ** 2;
    drawGrid(output, n, 0, (y, x) => ({
      on: writes.has(`${y},${x}`), focus: cell && String(cell) === `${y},${x}`,
      ...(heat.checked ? { heat: (counts[y] * counts[x]) / most, text: counts[y] * counts[x] } : {}),
    }));
    tell(n, at, shown, read);
    if (counts.length) told.textContent += ` The output cells sum ${Math.min(...counts) ** 2} to ${Math.max(...counts) ** 2} products each.`;
    input.setAttribute("aria-label", `input, ${s.size} by ${s.size}${margin ? `, with ${margin} cells of padding around` : ""}; ${reads.size} cells are read`);
    output.setAttribute("aria-label", n ? `output, ${n} by ${n}; ${told.textContent}` : "no output: this setting is refused");
  }

  function tell(n, at, shown, read) {
    if (!n) told.textContent = "";
    else if (!shown) told.textContent = `x[${at}] times the kernel is added to ${touched(s, at).length} output cells.`;
    else {
      const inside = read.filter(({ y, x }) => y >= 0 && x >= 0 && y < s.size && x < s.size);
      const terms = inside.map(({ y, x, ky, kx }) => `w[${ky},${kx}]·x[${y},${x}]`);
      const zeros = read.length - inside.length;
      told.textContent = `y[${shown}] = ${terms.length ? terms.join(" + ") : "0, for no input reaches it"}`
        + (zeros ? ` (and ${zeros} products with the padding's zeros)` : "");
    }
  }

  const cellOf = (event) => event.target.dataset?.cell?.split(",").map(Number);
  output.addEventListener("pointermove", (event) => { if (cellOf(event) && String(cellOf(event)) !== String(cell)) { cell = cellOf(event); redraw(); } });
  output.addEventListener("pointerdown", (event) => { if (cellOf(event)) { cell = cellOf(event); redraw(); } });
  const release = () => { if (cell) { cell = null; redraw(); } };
  output.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse") release(); });
  step.addEventListener("input", () => { cell = null; redraw(); });
  heat.addEventListener("change", redraw);
  const walker = element("div", { class: "gan-walker", tabindex: 0, role: "group", "aria-label": "output; the arrow keys choose a cell" }, output);
  walker.addEventListener("keydown", (event) => {
    if (event.key === "Escape") release();
    const move = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!move || refusal(s)) return;
    event.preventDefault();
    const n = outputSize(s), from = cell || [0, 0];
    cell = cell ? from.map((v, i) => Math.min(n - 1, Math.max(0, v + move[i]))) : from;
    redraw();
  });

  root.append(
    element("div", { class: "gan-buttons", role: "group", "aria-label": "operation" },
      element("label", {}, kinds[0], "convolution"), element("label", {}, kinds[1], "transposed convolution"),
      element("label", {}, heat, "count the products of each output cell")),
    element("div", { class: "gan-columns" },
      element("div", { class: "gan-controls gan-sliders gan-knobs" }, ...knobs.map((k) => k.row),
        element("label", {}, element("code", {}, "step"), step, stepText)),
      element("div", {}, element("p", {}, "input x"), input),
      element("div", {}, element("p", {}, "output y"), walker)),
    alarm, formula, filled, told, element("p", {}, code));
  redraw();
}
