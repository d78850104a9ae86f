/* Points and balls: real and made points under the reader's hand, and what three scores say of them. */

const BOARD = 104, A_KEY = 2; // hundredths: from the middle to the rim, and what an arrow key moves
const KINDS_OF_POINTS = [ // name, class, shape
  ["real", "gan-real", "M-3 0a3 3 0 1 0 6 0a3 3 0 1 0-6 0z"], ["made", "gan-made", "M-4 0L0 4L4 0L0-4z"],
];
const MEASURES = [ // score, its name, digits, what it shows: the balls of real points, of made ones, the ellipses
  ["precision", "precision", 2, "made points in a ball around a real one"],
  ["recall", "recall", 2, "real points in a ball around a made one"],
  ["frechet", "Fréchet distance", 3, "the ellipses: mean and one standard deviation"],
];

function playScores(root, spec) {
  new PointsAndBalls(root, spec);
}

class PointsAndBalls {
  constructor(root, spec) {
    Object.assign(this, { spec, chosen: [1, 0], held: false });
    this.makeBoard();
    this.rows = MEASURES.map(([score, title]) => {
      const box = element("input", { type: "checkbox", "aria-label": title }), value = element("output");
      const words = element("p", { class: "gan-small" });
      box.checked = score !== "recall";
      box.addEventListener("change", () => this.show());
      return { box, value, words, node: element("div", {}, element("label", {}, box, title, value), words) };
    });
    this.goals = spec.goals.map((goal) => {
      const aim = element("p", {}, goal.aim), one = goal.one ? [button("Show one", () => this.use(goal.one))] : [];
      return { ...goal, aim, node: element("div", {}, aim, ...one) };
    });
    this.verdict = element("p", { role: "status" });
    this.layOut(root);
    this.use(spec.made);
  }

  makeBoard() {
    this.layers = svg("g", {});
    this.dots = this.spec.real.map(() => makeDot(0)).concat(this.spec.made.map(() => makeDot(1)));
    const upwards = svg("g", { transform: "scale(1 -1)" }, this.layers, ...this.dots);
    const label = `${this.spec.real.length} real points in blue, ${this.spec.made.length} made ones in orange`;
    const viewBox = `${-BOARD} ${-BOARD} ${2 * BOARD} ${2 * BOARD}`;
    this.picture = svg("svg", { viewBox, role: "img", "aria-label": label }, upwards);
    this.picture.addEventListener("pointerdown", (event) => this.take(event));
    this.picture.addEventListener("pointermove", (event) => { if (this.held) this.move(this.place(event)); });
    const onPoint = (event) => { if (event.target.closest(".gan-point")) event.preventDefault(); };
    this.picture.addEventListener("touchstart", onPoint, { passive: false }); // else it would scroll the page
    for (const end of ["pointerup", "pointercancel"]) this.picture.addEventListener(end, () => { this.held = false; });
    this.board = element("div", { class: "gan-board", tabindex: 0, role: "group" }, this.picture);
    this.board.addEventListener("keydown", (event) => this.onKey(event));
    this.where = element("p", { class: "gan-small" });
  }

  layOut(root) {
    const part = (name, ...children) => element("div", { class: name }, ...children);
    const nodes = (list) => list.map(({ node }) => node);
    root.append(
      element("p", {}, "Drag the points. A filled one lies in a ball of the other kind. " +
        "Drag a blue one to the edge, too: what does its ball do?"),
      part("gan-columns",
        part("gan-panel", this.board, this.where, button("Start again", () => this.use(this.spec.made))),
        part("gan-panel",
          part("gan-measures", ...nodes(this.rows)),
          element("p", { class: "gan-title" }, "Build the worst set that still cheats a score"),
          part("gan-goals", ...nodes(this.goals)), this.verdict)));
  }

  /* These made points, and the real ones as they were. */
  use(made) {
    this.sets = [this.spec.real.slice(), made.slice()];
    this.show();
  }

  place({ clientX, clientY }) {
    const { left, top, width } = this.picture.getBoundingClientRect(), at = (v) => BOARD * ((2 * v) / width - 1);
    return [at(clientX - left), -at(clientY - top)];
  }

  get every() {
    return this.sets.flatMap((points, kind) => points.map((_, i) => [kind, i]));
  }

  /* The nearest point, if the pointer is at one: elsewhere a finger scrolls the page. */
  take(event) {
    if (event.button || !event.target.closest(".gan-point")) return;
    event.preventDefault();
    this.picture.setPointerCapture(event.pointerId);
    const place = this.place(event), far = ([kind, i]) => squared(this.sets[kind][i], place);
    this.chosen = this.every.reduce((a, b) => (far(b) <= far(a) ? b : a)); // of two in one place, the one on top
    this.held = true;
    this.board.focus({ preventScroll: true });
    this.show();
  }

  move(to) {
    const [kind, i] = this.chosen;
    this.sets[kind][i] = to.map((v) => Math.max(-100, Math.min(100, Math.round(v))));
    this.show();
  }

  onKey(event) {
    const way = { ArrowUp: [0, 1], ArrowDown: [0, -1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }[event.key];
    const turn = { n: 1, p: -1 }[event.key.toLowerCase()], { every, chosen, chosen: [kind, i] } = this;
    if (event.ctrlKey || event.metaKey || event.altKey || !(way || turn)) return;
    event.preventDefault();
    if (way) return void this.move(this.sets[kind][i].map((v, k) => v + way[k] * A_KEY * (event.shiftKey ? 10 : 1)));
    this.chosen = every.at((every.findIndex((one) => String(one) === String(chosen)) + turn) % every.length);
    this.show();
  }

  show() {
    const { sets, chosen, rows } = this, found = measuresOf(sets, this.spec.neighbours);
    const shown = rows.map(({ box }) => box.checked);
    this.layers.replaceChildren(
      ...found.balls.flatMap((balls, kind) => (shown[kind] ? balls.map((r, i) => drawBall(kind, sets[kind][i], r)) : [])),
      ...(shown[2] ? found.gaussians.map(drawEllipse) : []));
    this.every.forEach(([kind, i], k) => {
      this.dots[k].setAttribute("transform", `translate(${sets[kind][i]})`);
      this.dots[k].classList.toggle("gan-inside", found.inside[kind][i]);
      this.dots[k].classList.toggle("gan-chosen", String([kind, i]) === String(chosen));
    });
    MEASURES.forEach(([score, , digits, words], i) => {
      const list = found.inside[1 - i]; // precision counts made points
      rows[i].value.textContent = found[score].toFixed(digits);
      rows[i].words.textContent = list ? `${list.filter(Boolean).length} of ${list.length} ${words}` : words;
    });
    this.where.textContent = `${this.told()} · keys: N and P choose a point, arrows move it, with Shift farther`;
    this.board.setAttribute("aria-label", this.where.textContent);
    this.judge(found);
  }

  told() {
    const [kind, i] = this.chosen, [x, y] = this.sets[kind][i].map((v) => (v / 100).toFixed(2).replace("-", "−"));
    return `${KINDS_OF_POINTS[kind][0]} point ${i + 1} at (${x}, ${y})`;
  }

  judge(found) {
    const words = [];
    for (const goal of this.goals) {
      const within = ([score, [least, most]]) => least <= found[score] && found[score] <= most;
      const reached = Object.entries(goal.within).every(within);
      goal.done ||= reached;
      goal.aim.className = goal.done ? "gan-right" : "gan-open";
      if (reached) words.push(`Reached. ${goal.told}`);
    }
    const told = words.join(" ") || "These points reach no goal.";
    if (this.verdict.textContent !== told) this.verdict.textContent = told; // it is read out
  }
}

function drawBall(kind, [cx, cy], square) {
  return svg("circle", { class: `gan-ball ${KINDS_OF_POINTS[kind][1]}`, cx, cy, r: Math.sqrt(square) });
}

/* The circle of radius 1, carried by the lower triangular root of the covariance. */
function drawEllipse({ mean, cov: [a, b, c] }, kind) {
  const wide = Math.sqrt(a), lean = wide && b / wide, rest = Math.sqrt(Math.max(0, c - lean * lean));
  const matrix = [wide, lean, 0, rest, ...mean].map((v) => v.toFixed(3));
  const look = { class: `gan-ellipse ${KINDS_OF_POINTS[kind][1]}`, r: 1, "vector-effect": "non-scaling-stroke" };
  return svg("circle", { ...look, transform: `matrix(${matrix})` });
}

/* It stays the same while it is moved, or a finger would lose it. The circle is what can be taken. */
function makeDot(kind) {
  const [, ink, d] = KINDS_OF_POINTS[kind];
  return svg("g", { class: `gan-point ${ink}` }, svg("circle", { r: 11 }), svg("path", { d }));
}

mount("points", playScores);
