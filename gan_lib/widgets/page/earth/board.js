/* Heaps of shovels that the reader carries: drag one, or press it and then a place; or by the keyboard. */

const PLACE_WIDE = 40, SHOVEL_HIGH = 26, EARTH_BLUE = "#2b7bb9", EARTH_ORANGE = "#d1602f";
const placeMiddle = (place) => PLACE_WIDE * (place + 0.5);
const BY_KEYS = "the earth; left and right arrow keys choose a place, Space takes a shovel and puts it down, "
  + "Escape gives it back";

class EarthBoard {
  /* changed() is called whenever a shovel moved, or the place that the keys chose did. */
  constructor(changed) {
    Object.assign(this, { changed, cursor: null, held: null, frozen: false });
    this.picture = svg("svg", { role: "img", style: "display: block; width: 100%" });
    this.node = element("div", { tabindex: 0, role: "group", "aria-label": BY_KEYS }, this.picture);
    this.picture.addEventListener("pointerdown", (event) => this.press(event));
    this.picture.addEventListener("pointermove", (event) => this.drag(event));
    this.picture.addEventListener("pointerup", () => this.release());
    this.picture.addEventListener("pointercancel", () => this.putDown(this.before));
    this.node.addEventListener("keydown", (event) => this.onKey(event));
    this.node.addEventListener("blur", () => { this.cursor = null; this.putDown(); });
  }

  /* Earth lies as p and is wanted as q. */
  lay(p, q) {
    Object.assign(this, { p, q, held: null, plan: placesOf(p).map((place) => [place, place]) });
    this.high = SHOVEL_HIGH * (Math.max(...p, ...q) + 2);
    const { high } = this, wide = PLACE_WIDE * p.length;
    this.squares = this.plan.map((_, k) => aShovel({ "data-shovel": k, style: "cursor: grab; touch-action: none" }));
    this.ghost = aShovel({ opacity: 0.6 });
    this.wanted = q.map((n, i) => svg("rect", {
      x: placeMiddle(i) - 19, y: high - SHOVEL_HIGH * n, width: 38, height: SHOVEL_HIGH * n,
      fill: EARTH_ORANGE, "fill-opacity": 0.15, stroke: EARTH_ORANGE, "stroke-width": n ? 2.5 : 0,
    }));
    this.pointed = svg("rect", { y: high + 3, width: 26, height: 19, rx: 5, fill: "none", stroke: "currentColor" });
    this.ways = svg("g", { fill: "none", stroke: EARTH_BLUE });
    const ground = svg("line", { x2: wide, y1: high, y2: high, stroke: "currentColor" });
    const numbers = p.map((_, i) => written(placeMiddle(i), high + 17, i + 1));
    this.picture.setAttribute("viewBox", `0 0 ${wide} ${high + 32 + 8 * p.length}`);
    this.picture.replaceChildren(
      ...this.wanted, ground, ...numbers, this.pointed, this.ways, ...this.squares, this.ghost);
  }

  /* The shovels at a place, from the ground up; the one in hand lies on top. */
  stack(place, plan = this.plan) {
    const order = (k) => (k === this.held ? 2 : plan[k][0] === place ? 0 : 1);
    return [...plan.keys()].filter((k) => plan[k][1] === place).sort((a, b) => order(a) - order(b) || a - b);
  }

  /* plan: what is shown, the reader's own or another */
  draw(plan) {
    const { q, high, squares, wanted, cursor, held } = this, amounts = q.map((_, place) => this.stack(place, plan));
    amounts.forEach((stack, place) => {
      const step = Math.min(SHOVEL_HIGH, (high - SHOVEL_HIGH) / Math.max(1, stack.length - 1)); // high: pressed
      stack.forEach((k, height) => {
        const [rect, number] = squares[k].children, home = plan[k][0];
        squares[k].setAttribute("transform", `translate(${placeMiddle(place)} ${high - step * height})`);
        number.textContent = home === place ? "" : home + 1;
        rect.setAttribute("stroke", k === held ? "currentColor" : "none");
        rect.setAttribute("stroke-width", 3);
      });
      wanted[place].setAttribute("stroke-dasharray", stack.length === q[place] ? "none" : "4 3");
    });
    this.pointed.setAttribute("x", placeMiddle(cursor ?? 0) - 13);
    this.pointed.setAttribute("opacity", cursor === null ? 0 : 1);
    this.ghost.setAttribute("visibility", this.at ? "visible" : "hidden");
    if (this.at) this.ghost.setAttribute("transform", `translate(${this.at[0]} ${this.at[1] + SHOVEL_HIGH / 2})`);
    this.ways.replaceChildren(...waysOf(plan).map((way) => drawnWay(...way, high + 26)));
    const counts = amounts.map(({ length }) => length);
    const lie = `shovels at the places 1 to ${q.length}: ${counts.join(", ")}`;
    this.picture.setAttribute("aria-label", `${lie}; wanted: ${q.join(", ")}`);
  }

  take(k) {
    Object.assign(this, { held: k, before: this.plan[k][1], moved: false });
    this.changed();
  }

  carry(place) {
    this.plan[this.held][1] = place;
    this.changed();
  }

  /* The shovel in hand, if there is one, where it is or at another place. */
  putDown(place) {
    if (this.held !== null) this.plan[this.held][1] = place ?? this.plan[this.held][1];
    Object.assign(this, { held: null, at: null, pressed: false });
    this.changed();
  }

  placed({ clientX, clientY }) {
    const { left, top, width } = this.picture.getBoundingClientRect(), scale = (PLACE_WIDE * this.q.length) / width;
    return [scale * (clientX - left), scale * (clientY - top)];
  }

  placeAt(event) {
    return Math.max(0, Math.min(this.q.length - 1, Math.floor(this.placed(event)[0] / PLACE_WIDE)));
  }

  press(event) {
    if (event.button || this.frozen) return;
    const shovel = event.target.closest("[data-shovel]");
    this.cursor = null;
    if (this.held !== null) return void this.putDown(this.placeAt(event)); // it was pressed, and now its place is
    if (!shovel) return;
    event.preventDefault(); // no text is chosen; so the focus does not come by itself
    this.node.focus({ preventScroll: true });
    this.picture.setPointerCapture(event.pointerId);
    this.pressed = true;
    this.take(+shovel.dataset.shovel);
  }

  drag(event) {
    if (!this.pressed) return;
    const place = this.placeAt(event);
    this.moved ||= place !== this.before;
    this.at = this.placed(event);
    this.carry(place);
  }

  /* A shovel that was pressed and not moved stays in hand. */
  release() {
    if (!this.pressed) return;
    this.pressed = false;
    this.at = null;
    if (this.moved) this.putDown();
    else this.changed();
  }

  onKey(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key], last = this.q.length - 1;
    if (this.frozen || !(step || event.key === " " || event.key === "Escape")) return;
    event.preventDefault();
    const at = this.held === null ? this.cursor ?? -Math.sign(step ?? 0) : this.plan[this.held][1];
    this.cursor = Math.max(0, Math.min(last, at + (step ?? 0)));
    if (event.key === "Escape" && this.held !== null) {
      this.cursor = this.before;
      this.putDown(this.before);
    }
    else if (this.held !== null && step) this.carry(this.cursor);
    else if (this.held !== null) this.putDown();
    else if (event.key === " " && this.stack(this.cursor).length) this.take(this.stack(this.cursor).at(-1));
    else this.changed();
  }
}

function aShovel(attributes) {
  return svg("g", attributes,
    svg("rect", { x: -16, y: 1 - SHOVEL_HIGH, width: 32, height: SHOVEL_HIGH - 2, rx: 4, fill: EARTH_BLUE }),
    written(0, -8, "", { fill: "#fff" }));
}

/* Words in a drawing. */
function written(x, y, text, more) {
  return svg("text", { x, y, "text-anchor": "middle", "font-size": 13, fill: "currentColor", ...more }, text);
}

/* [from, to, shovels] of a plan, without what stays where it is. */
function waysOf(plan) {
  const shovels = new Map();
  for (const way of plan.filter(([from, to]) => from !== to).map(String)) shovels.set(way, (shovels.get(way) ?? 0) + 1);
  return [...shovels].map(([way, n]) => [...way.split(",").map(Number), n]);
}

/* An arc under the ground: the farther, the deeper; the more shovels, the thicker. */
function drawnWay(from, to, shovels, top) {
  const [start, end] = [from, to].map(placeMiddle), deep = top + 16 * Math.abs(to - from), tip = `${end} ${top}`;
  return svg("g", { "data-way": `${from + 1} ${to + 1} ${shovels}` },
    svg("path", { d: `M${start} ${top}C${start} ${deep} ${end} ${deep} ${tip}`, "stroke-width": 0.5 + 1.5 * shovels }),
    svg("path", { d: `M${tip}l-5 8h10z`, fill: EARTH_BLUE, "stroke-width": 0 }));
}
