/* Chapter 5's graph: a wiring is chosen, run line by line, and drawn; and points are trained under it. */

function showGraph(root, spec) {
  new WiringGraph(root, spec);
}

class WiringGraph {
  constructor(root, spec) {
    Object.assign(this, { spec, torch: smallTorch(), choice: { ...spec.start }, id: Math.random() });
    this.makeControls();
    this.layOut(root);
    this.choose();
  }

  makeControls() {
    this.code = element("ol", { class: "gan-code" });
    this.drawing = new GraphDrawing();
    this.slider = element("input", { type: "range", min: 0, step: 1, "aria-label": "lines that have run" });
    this.slider.addEventListener("input", () => this.go(this.slider.valueAsNumber));
    this.back = button("Line back", () => this.go(this.at - 1));
    this.next = button("Next line", () => this.go(this.at + 1));
    this.all = button("Run all", () => this.go(this.last));
    this.said = element("p");
    this.verdicts = element("div");
    this.cells = { G: [], D: [] }; // requires_grad, version and length of the gradient
    this.plays = new WiringPlays(() => [this.lines, this.spec.right], (text) => { this.said.textContent = text; });
  }

  /* A radio button where there is a value to choose, else a box to check. */
  control(name, value, ...text) {
    const input = element("input", { type: value === undefined ? "checkbox" : "radio", name: `${name}-${this.id}` });
    input.checked = value === undefined ? this.choice[name] : this.choice[name] === value;
    input.addEventListener("change", () => this.choose({ [name]: value ?? input.checked }));
    return element("label", {}, input, ...text);
  }

  layOut(root) {
    const row = (name, ...parts) =>
      element("div", { class: "gan-buttons", role: "group", "aria-label": name }, ...parts);
    const each = (table, make) => Object.entries(table).map((entry) => make(...entry));
    const passes = ["two forward passes", "one forward pass"];
    const flags = { detach: "detach()", retain_graph: "retain_graph=True", freeze: "D.requires_grad_(False)" };
    this.drawing.node.append(this.makeTable()); // below, so that a phone shows the buttons and the graph together
    root.append(
      element("p", {}, "Try first: press “Next line” and follow the orange path of a backward. Then take away ",
        element("code", {}, "detach()"), ", choose one forward pass, and run all."),
      row("order of the steps", ...each(this.spec.orders, (name, text) => this.control("order", name, text))),
      row("forward passes of G", ...passes.map((text, i) => this.control("forwards", 2 - i, text))),
      row("switches", ...each(flags, (name, text) => this.control(name, undefined, element("code", {}, text)))),
      element("div", { class: "gan-columns" },
        element("div", { class: "gan-program" }, this.code,
          row("steps through the code", this.next, this.back, this.all, this.plays.button),
          element("label", { class: "gan-wide" }, "line", this.slider),
          element("div", { role: "status" }, this.said, this.verdicts)),
        this.drawing.node),
      this.plays.node);
  }

  makeTable() {
    const line = (scope, name, texts) => element("tr", {}, element("th", { scope }, name), ...texts);
    const heads = ["requires_grad", "version", "|.grad|"].map((text) => element("th", { scope: "col" }, text));
    const rows = Object.entries(this.cells).map(([who, cells]) => {
      cells.push(...heads.map(() => element("td")));
      return line("row", who, cells);
    });
    return element("table", { class: "gan-scores" }, line("col", "weights", heads), ...rows);
  }

  /* Another wiring: at the first backward, so that there is something to see. */
  choose(change) {
    const { order, forwards, detach, retain_graph, freeze } = Object.assign(this.choice, change);
    const { lines, wirings } = this.spec, key = [order, forwards, +detach, +retain_graph, +freeze].join(" ");
    this.lines = wirings[key].map((i) => lines[i]);
    this.whole = runWiring(this.torch, this.lines);
    this.last = this.whole.error ? this.whole.error[0] + 1 : this.lines.length;
    this.slider.max = this.last;
    this.plays.reset();
    this.go(this.lines.findIndex((line) => line.includes(".backward(")) + 1);
  }

  go(at) {
    this.at = at;
    const run = runWiring(this.torch, this.lines, at), said = this.standing(run);
    this.code.replaceChildren(...this.lines.map((_, i) => codeLine(run, i)));
    this.code.children[at - 1]?.setAttribute("aria-current", "step");
    this.drawing.show(run, this.whole, at - 1);
    this.slider.value = at;
    this.slider.setAttribute("aria-valuetext", said);
    this.back.disabled = at === 0;
    this.next.disabled = this.all.disabled = at === this.last;
    this.said.textContent = said;
    this.verdicts.replaceChildren(...(at === this.last ? ["D", "G"].map((who) => verdictOn(who, run.steps[who])) : []));
    for (const [who, cells] of Object.entries(this.cells)) {
      const network = run.names[who], [{ requires_grad, _version, grad }] = network.weights;
      const length = grad ? lengthOf(gradientOf(network)).toFixed(2) : "None";
      const texts = [requires_grad ? "True" : "False", _version, length];
      cells.forEach((cell, i) => { cell.textContent = texts[i]; });
    }
  }

  standing({ error, gradients }) {
    if (!this.at) return "no line has run";
    const line = this.lines[this.at - 1], where = `line ${this.at} of ${this.lines.length}: ${line}`;
    const added = gradients[this.at - 1];
    if (error) return `${where} raises RuntimeError; the lines after it do not run`;
    if (added) return `${where} adds to the gradients: G ${added.G.toFixed(2)}, D ${added.D.toFixed(2)}`;
    return line.endsWith(".step()") ? `${where} changes the weights of ${line[4].toUpperCase()} in place` : where;
  }
}

mount("graph", showGraph);
