/* A row of cells through a transposed convolution of stride 2, whose weights are under the hand. */

const inkOfCell = (i) => ["#2b7bb9", "#d1602f"][i % 2]; // even cells, odd cells
const inShort = (v) => String(+v.toFixed(2)).replace("-", "−");

function transposedRow(x, weights) {
  const y = Array(2 * (x.length - 1) + weights.length).fill(0);
  x.forEach((v, i) => weights.forEach((weight, tap) => { y[2 * i + tap] += v * weight; }));
  return y;
}

/* What even and odd cells are where the input stays 1, in words. */
function howUneven(even, odd) {
  const apart = Math.abs(even - odd), share = (100 * apart) / (Math.abs(even) + Math.abs(odd));
  return `Where x stays 1, the blue cells of y are a = ${inShort(even)}, the orange ones b = ${inShort(odd)}: `
    + (apart > 1e-9 ? `uneven by |a − b| / (|a| + |b|) = ${share.toFixed(0)} %.` : "the checkerboard is gone.");
}

/* A bar for each cell, from −most to most. */
function drawBars(node, values, most) {
  const y = (v) => 40 * (most - v), width = 28 * values.length;
  node.setAttribute("viewBox", `0 0 ${width} ${y(-most)}`);
  node.setAttribute("aria-label", `y: ${values.map(inShort).join(", ")}`);
  node.style.width = `${width}px`;
  node.replaceChildren(svg("path", { d: `M0 ${y(0)}h${width}`, stroke: "currentColor" }), ...values.map((v, i) =>
    svg("rect", { x: 28 * i + 2, width: 24, y: y(Math.max(v, 0)), height: 40 * Math.abs(v), fill: inkOfCell(i) })));
}

function playKernel(root, { weights, step }) {
  const part = (name, ...children) => element("div", { class: name }, ...children);
  const told = element("p", { role: "status", style: "min-height: 3em" }), faders = part("gan-buttons");
  const input = element("p"), output = svg("svg", { role: "img", style: "max-width: 100%" });
  const picture = element("canvas", { class: "gan-picture", role: "img", "aria-label": "y as a picture" });

  function change(n, weight) {
    weights = Array.from({ length: n }, weight);
    faders.replaceChildren("w:", ...weights.map((value, tap) => {
      const range = element("input", {
        type: "range", min: -1, max: 1, step: 0.1, value, "aria-label": `w[${tap}]`,
        style: `writing-mode: vertical-lr; direction: rtl; width: 32px; height: 120px; accent-color: ${inkOfCell(tap)}`,
      });
      range.addEventListener("input", () => { weights[tap] = range.valueAsNumber; show(); });
      return element("label", { style: "flex-direction: column" }, range, element("output"));
    }));
    show();
  }

  function show() {
    const ones = Array(8).fill(1), x = ones.map((_, i) => +(!step || i > 3)), y = transposedRow(x, weights);
    const flat = transposedRow(ones, weights), rows = flat.flatMap((down) => y.map((v) => down * v));
    const white = Math.max(...rows.map(Math.abs), 1e-9);
    input.textContent = `x: ${x.join(" ")}, and y:`;
    drawBars(output, y, Math.ceil(weights.length / 2));
    faders.querySelectorAll("output").forEach((node, tap) => { node.textContent = inShort(weights[tap]); });
    told.textContent = howUneven(flat[8], flat[9]);
    paint(picture, rows.map((v) => Math.round(127.5 * (1 + v / white))), [1, y.length, y.length]);
  }

  root.append(
    element("p", {}, "Stride 2. Move the weights w until the checkerboard is gone. How many ways do you find?"),
    part("gan-buttons", numberBox("kernel_size", weights.length, 2, 6, (n) => change(n, (_, tap) => weights[tap] ?? 1)),
      button("Random", () => change(weights.length, () => Math.round(20 * Math.random() - 10) / 10)),
      tickBox("x has a step", step, (on) => { step = on; show(); })),
    part("gan-columns", part("gan-panel", faders, told, input, output),
      part("gan-view", picture, element("p", {}, "y with these weights along both axes"))));
  change(weights.length, (_, tap) => weights[tap]);
}

mount("kernel", playKernel);
