/* Points and balls: real and made points under the reader's hand, and what three scores say of them. */

const EDGE = 100, STEP = 2; // hundredths: of the square, of an arrow key
const SHAPES = { real: "M-3.2 0a3.2 3.2 0 1 0 6.4 0a3.2 3.2 0 1 0-6.4 0z", made: "M-4 0L0 4L4 0L0-4z" };
const OTHER = { real: "made", made: "real" };
const MEASURES = { // score → whose balls show it, how it is written, what it counts
  precision: ["real", "precision", 2, "made points in a ball around a real one"],
  recall: ["made", "recall", 2, "real points in a ball around a made one"],
  frechet: ["ellipses", "Fréchet distance", 3, "the ellipses: mean and one standard deviation"],
};

function playScores(root, spec) {
  new PointsAndBalls(root, spec);
}

class PointsAndBalls {
  constructor(root, spec) {
    Object.assign(this, { spec, chosen: ["made", 0], held: false });
    this.makeStage();
    this.makeControls();
    this.layOut(root);
    this.use(spec.made);
  }

  makeStage() {
    const group = (name, ...nodes) => svg("g", { class: name }, ...nodes), each = (kind, make) => this.spec[kind].map((_, i) => make(i));
    const ball = (kind) => svg("circle", { class: `gan-ball gan-${kind}` });
    this.balls = { real: each("real", () => ball("real")), made: each("made", () => ball("made")) };
    const ellipse = (kind) => svg("circle", { class: `gan-ellipse gan-${kind}`, r: 1, "vector-effect": "non-scaling-stroke" });
    this.ellipses = { real: ellipse("real"), made: ellipse("made") };
    const point = (kind) => (i) => svg("g", { class: `gan-point gan-${kind}`, "data-point": `${kind} ${i}` },
      svg("circle", { r: 11, class: "gan-grip" }), svg("path", { d: SHAPES[kind] }));
    this.dots = { real: each("real", point("real")), made: each("made", point("made")) };
    this.layers = { real: group("", ...this.balls.real), made: group("", ...this.balls.made), ellipses: group("", ...Object.values(this.ellipses)) };
    const upwards = svg("g", { transform: "scale(1 -1)" }, ...Object.values(this.layers), ...this.dots.real, ...this.dots.made);
    this.stage = svg("svg", { viewBox: "-104 -104 208 208", role: "img" }, upwards);
    this.easel = element("div", { class: "gan-board", tabindex: 0, role: "group" }, this.stage);
    this.stage.addEventListener("pointerdown", (event) => this.take(event));
    this.stage.addEventListener("pointermove", (event) => { if (this.held) this.move(this.place(event)); });
    for (const end of ["pointerup", "pointercancel"]) this.stage.addEventListener(end, () => { this.held = false; });
    this.easel.addEventListener("keydown", (event) => this.onKey(event));
  }

  makeControls() {
    this.rows = Object.entries(MEASURES).map(([name, [layer, title, , counts]]) => {
      const box = element("input", { type: "checkbox" }), value = element("output"), counted = element("p", {}, counts);
      box.checked = name !== "recall";
      box.addEventListener("change", () => this.show());
      return { name, layer, box, value, counted, node: element("div", {}, element("label", {}, box, title, value), counted) };
    });
    this.where = element("p");
    this.told = element("p", { role: "status" });
    this.goals = this.spec.goals.map((goal) => {
      const aim = element("p", {}, goal.aim), one = goal.one ? [button("Show one", () => this.use(goal.one))] : [];
      return { ...goal, node: aim, row: element("div", {}, aim, ...one) };
    });
  }

  layOut(root) {
    const part = (name, ...children) => element("div", { class: name }, ...children);
    root.append(
      element("p", {}, "Drag any point. A filled one lies in a ball of the other kind: it counts. Then drag one blue point to the edge: what happens to its ball?"),
      part("gan-columns",
        part("gan-panel", this.easel, this.where, part("gan-buttons", button("Start again", () => this.use(this.spec.made)))),
        part("gan-panel",
          part("gan-measures", ...this.rows.map(({ node }) => node)),
          element("p", { class: "gan-title" }, "Build the worst set that still cheats a score"),
          part("gan-goals", ...this.goals.map(({ row }) => row)), this.told)));
  }

  /* These made points, and the real ones as they were. */
  use(made) {
    this.points = { real: this.spec.real.slice(), made: made.slice() };
    this.show();
  }

  place({ clientX, clientY }) {
    const box = this.stage.getBoundingClientRect();
    return [208 * ((clientX - box.left) / box.width) - 104, 104 - 208 * ((clientY - box.top) / box.height)];
  }

  /* The nearest point, if the pointer is at one: elsewhere a finger scrolls the page. */
  take(event) {
    if (event.button || !event.target.closest("[data-point]")) return;
    event.preventDefault();
    this.stage.setPointerCapture(event.pointerId);
    const place = this.place(event), far = ([kind, i]) => squared(this.points[kind][i], place);
    this.chosen = this.everyPoint().reduce((a, b) => (far(b) <= far(a) ? b : a)); // of two in one place, the one on top
    this.held = true;
    this.easel.focus({ preventScroll: true });
    this.show();
  }

  everyPoint() {
    return ["real", "made"].flatMap((kind) => this.points[kind].map((_, i) => [kind, i]));
  }

  move(to) {
    const [kind, i] = this.chosen;
    this.points[kind][i] = to.map((v) => Math.max(-EDGE, Math.min(EDGE, Math.round(v))));
    this.show();
  }

  onKey(event) {
    const way = { ArrowUp: [0, 1], ArrowDown: [0, -1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }[event.key];
    const turn = { n: 1, p: -1 }[event.key.toLowerCase()], [kind, i] = this.chosen;
    if (event.ctrlKey || event.metaKey || event.altKey || !(way || turn)) return;
    event.preventDefault();
    if (way) return void this.move(this.points[kind][i].map((v, k) => v + way[k] * STEP * (event.shiftKey ? 10 : 1)));
    const every = this.everyPoint(), at = every.findIndex(([k, j]) => k === kind && j === i);
    this.chosen = every.at((at + turn) % every.length);
    this.show();
  }

  show() {
    const found = measuresOf(this.points, this.spec.neighbours);
    for (const kind of ["real", "made"]) this.showKind(kind, found);
    for (const { name, layer, box, value, counted } of this.rows) {
      const [, , digits, counts] = MEASURES[name], kind = OTHER[layer];
      value.textContent = found[name].toFixed(digits);
      if (kind) counted.textContent = `${found.inside[kind].filter(Boolean).length} of ${this.points[kind].length} ${counts}`;
      this.layers[layer].style.display = box.checked ? "" : "none";
    }
    this.showChosen();
    this.judge(found);
  }

  showKind(kind, { balls, inside, gaussians }) {
    this.points[kind].forEach(([x, y], i) => {
      const ball = this.balls[kind][i], dot = this.dots[kind][i];
      for (const [name, v] of [["cx", x], ["cy", y], ["r", Math.sqrt(balls[kind][i]).toFixed(2)]]) ball.setAttribute(name, v);
      dot.setAttribute("transform", `translate(${x} ${y})`);
      dot.classList.toggle("gan-inside", inside[kind][i]);
      dot.classList.toggle("gan-chosen", kind === this.chosen[0] && i === this.chosen[1]);
    });
    const { mean, cov: [a, b, c] } = gaussians[kind], wide = Math.sqrt(a), lean = wide && b / wide; // Cholesky's root
    const matrix = [wide, lean, 0, Math.sqrt(Math.max(0, c - lean * lean)), ...mean].map((v) => v.toFixed(3));
    this.ellipses[kind].setAttribute("transform", `matrix(${matrix.join(" ")})`);
  }

  showChosen() {
    const [kind, i] = this.chosen, place = this.points[kind][i].map((v) => (v / 100).toFixed(2).replace("-", "−")).join(", ");
    this.where.textContent = `${kind} point ${i + 1} at (${place}) · keys: N and P choose a point, arrows move it, with Shift farther`;
    this.easel.setAttribute("aria-label", this.where.textContent);
    const [real, made] = ["real", "made"].map((each) => this.points[each].length);
    this.stage.setAttribute("aria-label", `${real} real points in blue, ${made} made ones in orange`);
  }

  judge(found) {
    const reached = this.goals.filter(({ within }) => Object.entries(within).every(([name, [least, most]]) => found[name] >= least && found[name] <= most));
    for (const goal of reached) goal.done = true;
    for (const { node, done } of this.goals) node.className = done ? "gan-right" : "gan-open";
    const words = reached.map(({ told }) => `Reached. ${told}`).join(" ") || "No goal is reached by these points.";
    if (this.told.textContent !== words) this.told.textContent = words;
  }
}

mount("points", playScores);
