/* A row through a transposed convolution of stride 2, whose weights are bars under the hand. */

const MOST_WEIGHT = 1, A_NOTCH = 0.1, BARS_HIGH = 100; // weights from −MOST_WEIGHT on
const ROWS_IN = { constant: [1, 1, 1, 1, 1, 1, 1, 1], step: [0, 0, 0, 0, 1, 1, 1, 1] };
const INKS_OF_CELLS = ["#2b7bb9", "#d1602f"]; // of even and odd cells
const inkOfCell = (i) => INKS_OF_CELLS[i % 2];
const short = (v) => String(+v.toFixed(2)).replace("-", "−");

function transposedRow(x, weights) {
  const y = Array(2 * (x.length - 1) + weights.length).fill(0);
  x.forEach((v, i) => weights.forEach((weight, tap) => { y[2 * i + tap] += v * weight; }));
  return y;
}

/* What even and odd output cells are where x stays 1. */
const twoSums = (weights) => [0, 1].map((odd) => weights.reduce((sum, v, tap) => sum + (tap % 2 === odd ? v : 0), 0));

function howUneven([even, odd]) {
  const size = Math.abs(even) + Math.abs(odd), uneven = Math.abs(even - odd) / size;
  const is = `Where x stays 1, the blue cells of y are ${short(even)}, the orange ones ${short(odd)}. `;
  if (size < 1e-9) return is + "No checkerboard is left, and no picture either.";
  if (uneven < 1e-9) return is + "They are equal: the checkerboard is gone.";
  const sum = `|${short(even)} − ${short(odd)}| / (|${short(even)}| + |${short(odd)}|)`.replaceAll("− −", "+ ");
  return `${is}Unevenness: ${sum} = ${(100 * uneven).toFixed(0)} %.`;
}

/* Values from `low` to `high` as bars, each `wide` units wide. */
function drawBars(node, values, [low, high], wide, ink) {
  const y = (v) => (BARS_HIGH * (high - v)) / (high - low), width = wide * values.length;
  node.setAttribute("viewBox", `0 0 ${width} ${BARS_HIGH + 20}`);
  node.style.width = `${width}px`;
  node.firstChild.replaceChildren(
    ...values.map((v, i) => svg("rect", {
      x: wide * (i + 0.1), width: 0.8 * wide, y: y(Math.max(v, 0)), height: Math.abs(y(v) - y(0)), fill: ink(i),
    })),
    svg("line", { x2: width, y1: y(0), y2: y(0), stroke: "currentColor" }));
}

class KernelBars {
  constructor(root, { weights, row }) {
    Object.assign(this, { weights, row, held: -1, told: element("p", { role: "status" }) });
    [this.kernel, this.input, this.output] = ["group", "img", "img"].map((role) => svg("svg", { role, style: "max-width: 100%" }, svg("g", {})));
    this.kernel.setAttribute("aria-label", "the weights w");
    this.picture = element("canvas", { class: "gan-picture", role: "img", "aria-label": "w along both axes: the output as a picture" });
    this.size = element("input", { type: "number", min: 2, max: 6, value: weights.length });
    this.size.addEventListener("change", () => this.resize(this.size.valueAsNumber));
    this.drag();
    this.layOut(root);
    this.resize(weights.length);
  }

  layOut(root) {
    const part = (name, ...children) => element("div", { class: name }, ...children); // spelled out: a built page keeps the rules of such names
    const seen = (words, node) => element("div", {}, element("p", {}, words), node);
    const group = Math.random(), all = (value) => { this.weights = this.weights.map(value); this.show(); };
    const rows = Object.keys(ROWS_IN).map((name) => {
      const radio = element("input", { type: "radio", name: group });
      radio.checked = name === this.row;
      radio.addEventListener("change", () => { this.row = name; this.show(); });
      return element("label", {}, radio, name);
    });
    root.append(
      element("p", {}, "Drag the weights until the checkerboard is gone. How many ways do you find?"),
      part("gan-buttons", element("label", {}, element("code", {}, "kernel_size"), this.size), button("All 1", () => all(() => 1)),
        button("Random", () => all(() => Math.round(20 * Math.random() - 10) / 10)), "input:", ...rows),
      part("gan-columns", seen("w, the weights", this.kernel), part("gan-view", seen("y as a picture, with w along both axes", this.picture))),
      this.told,
      seen("x, the input", this.input), seen("y, the output: each cell of x adds w, two cells further on", this.output));
  }

  /* By mouse and finger; the bar is the one that was under it first. */
  drag() {
    const { kernel } = this, move = ({ clientX, clientY }, begins) => {
      const box = kernel.getBoundingClientRect();
      if (begins) this.held = Math.floor((this.weights.length * (clientX - box.left)) / box.width);
      const down = ((BARS_HIGH + 20) * (clientY - box.top)) / box.height;
      this.put(this.held, MOST_WEIGHT * (1 - (2 * down) / BARS_HIGH));
    };
    kernel.style.touchAction = "none";
    kernel.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      kernel.setPointerCapture(event.pointerId);
      move(event, true);
    });
    kernel.addEventListener("pointermove", (event) => { if (kernel.hasPointerCapture(event.pointerId)) move(event); });
  }

  onKey(event, tap) {
    const up = { ArrowUp: A_NOTCH, ArrowRight: A_NOTCH, ArrowDown: -A_NOTCH, ArrowLeft: -A_NOTCH, Home: -9, End: 9 }[event.key];
    if (!up) return;
    event.preventDefault();
    this.put(tap, this.weights[tap] + up);
  }

  put(tap, value) {
    const within = Math.max(-MOST_WEIGHT, Math.min(MOST_WEIGHT, value));
    this.weights[tap] = Math.round(within / A_NOTCH) * A_NOTCH;
    this.show();
  }

  resize(asked) {
    const n = Math.max(2, Math.min(6, Math.round(asked) || 3)), wide = 44;
    this.size.value = n;
    this.weights = Array.from({ length: n }, (_, tap) => this.weights[tap] ?? 1);
    this.slots = this.weights.map((_, tap) => {
      const slot = svg("rect", {
        x: wide * tap + 1, y: 1, width: wide - 2, height: BARS_HIGH - 2, fill: "transparent", cursor: "ns-resize", tabindex: 0,
        role: "slider", "aria-label": `w[${tap}]`, "aria-valuemin": -MOST_WEIGHT, "aria-valuemax": MOST_WEIGHT,
      });
      slot.addEventListener("keydown", (event) => this.onKey(event, tap));
      const text = svg("text", { x: wide * (tap + 0.5), y: BARS_HIGH + 16, "text-anchor": "middle", fill: "currentColor", "font-size": 14 });
      return { slot, text };
    });
    this.kernel.replaceChildren(this.kernel.firstChild, ...this.slots.flatMap(({ slot, text }) => [slot, text]));
    this.show();
  }

  show() {
    const { weights, kernel, input, output } = this, x = ROWS_IN[this.row], y = transposedRow(x, weights);
    const most = Math.ceil(weights.length / 2) * MOST_WEIGHT;
    drawBars(kernel, weights, [-MOST_WEIGHT, MOST_WEIGHT], 44, inkOfCell);
    drawBars(input, x, [0, 4], 56, () => "currentColor");
    drawBars(output, y, [-most, most], 28, inkOfCell);
    this.slots.forEach(({ slot, text }, tap) => {
      text.textContent = short(weights[tap]);
      slot.setAttribute("aria-valuenow", weights[tap].toFixed(1));
    });
    input.setAttribute("aria-label", `x: ${x.join(", ")}`);
    output.setAttribute("aria-label", `y: ${y.map(short).join(", ")}`);
    this.told.textContent = howUneven(twoSums(weights));
    this.paint(y, transposedRow(ROWS_IN.constant, weights));
  }

  /* Columns of the picture by `across`, rows by `down`; 0 is grey. */
  paint(across, down) {
    const n = across.length, most = Math.max(...across.map(Math.abs)) * Math.max(...down.map(Math.abs)) || 1;
    const grey = (i) => 127.5 * (1 + (across[i % n] * down[Math.floor(i / n)]) / most);
    this.picture.width = this.picture.height = n;
    const pixels = Uint8ClampedArray.from({ length: 4 * n * n }, (_, i) => (i % 4 === 3 ? 255 : grey(i >> 2)));
    this.picture.getContext("2d").putImageData(new ImageData(pixels, n), 0, 0);
  }
}

mount("kernel", (root, spec) => new KernelBars(root, spec));
