/* Sort the sets: the reader puts sets of pictures in order by eye, then sees the order of each score. */

function sortSets(root, spec) {
  new SetSorter(root, spec);
}

class SetSorter {
  constructor(root, spec) {
    Object.assign(this, { spec, order: spec.sets.map((_, i) => i), open: false });
    this.rows = spec.sets.map((set, i) => this.makeRow(set, i));
    this.list = element("ol", { class: "gan-sets" });
    this.table = element("table", { class: "gan-scores" });
    const look = { class: "gan-scroll", tabindex: 0, role: "group", "aria-label": "the orders" };
    this.orders = element("div", look, this.table);
    this.reveal = button("Show the scores’ orders", () => { this.open = true; this.show(); });
    this.told = element("p", { role: "status" });
    root.append(
      element("p", {}, "What looks most real to you goes first. Move the sets by their arrows, then ask the scores."),
      this.list, this.reveal, this.told, this.orders);
    this.show();
  }

  makeRow({ name, png, about }, i) {
    const image = element("img", { src: `data:image/png;base64,${png}`, alt: `set ${name}` }), words = element("span");
    const [up, down] = [["↑", -1, "up"], ["↓", 1, "down"]].map(([sign, way, word]) => {
      const node = button(sign, () => this.move(i, way));
      node.setAttribute("aria-label", `move ${name} ${word}`);
      return node;
    });
    const title = element("p", {}, element("b", {}, name), words);
    return { up, down, words, about, node: element("li", {}, title, image, up, down) };
  }

  move(i, way) {
    const { order, rows } = this, at = order.indexOf(i), { up, down } = rows[i];
    [order[at], order[at + way]] = [order[at + way], i];
    this.show();
    const [same, other] = way < 0 ? [up, down] : [down, up];
    (same.disabled ? other : same).focus();
  }

  show() {
    const { spec: { sets }, order, rows, open } = this;
    this.list.replaceChildren(...order.map((i, place) => {
      rows[i].up.disabled = !place;
      rows[i].down.disabled = place === order.length - 1;
      rows[i].words.textContent = open ? `: ${rows[i].about}` : "";
      return rows[i].node;
    }));
    this.reveal.hidden = open;
    this.orders.hidden = !open;
    this.told.textContent = `Your order: ${order.map((i) => sets[i].name).join(" ")}.`;
    if (open) this.showOrders();
  }

  showOrders() {
    const { spec: { sets, scores }, order } = this, name = (i) => element("b", {}, sets[i].name);
    const row = (head, ...cells) => element("tr", {}, element("th", { scope: "row" }, head), ...cells);
    const cell = (...children) => element("td", {}, ...children);
    const like = scores.map((score) => agreeing(order, score)), most = Math.max(...like);
    const pairs = (order.length * (order.length - 1)) / 2;
    this.table.replaceChildren(
      row("best first: you", ...order.map((i) => cell(name(i))), cell("as you")),
      ...scores.map((score, k) => row(score.name,
        ...bestFirst(score).map((i) => cell(name(i), element("br"), score.words[i])), cell(`${like[k]} of ${pairs}`))));
    this.told.append(` Nearest to it: ${scores[like.indexOf(most)].name}, with ${most} of ${pairs} pairs.`);
  }
}

/* sign: 1 where the smallest is best, −1 where the largest is */
function bestFirst({ values, sign }) {
  return values.map((_, i) => i).sort((a, b) => sign * (values[a] - values[b]));
}

/* How many pairs of sets the score puts in the same order; those that it cannot tell apart are none. */
function agreeing(order, { values, sign }) {
  const better = (a, b) => sign * (values[a] - values[b]) < 0;
  return order.flatMap((a, i) => order.slice(i + 1).filter((b) => better(a, b))).length;
}

mount("sort", sortSets);
