/* Heaps of shovels that the reader carries: drag one, or press it and then a place; or by the keyboard. */

const PLACE_WIDE = 40, SHOVEL_HIGH = 26, EARTH_BLUE = "#2b7bb9", EARTH_ORANGE = "#d1602f";
const EARTH_STYLE = "display: block; width: 100%; max-width: 440px; user-select: none; -webkit-user-select: none";
const placeMiddle = (place) => PLACE_WIDE * (place + 0.5);
const BY_KEYS = "the earth; left and right arrow keys choose a place, Space takes a shovel and puts it down, "
  + "Escape gives it back";

class EarthBoard {
  /* changed() is called whenever a shovel moved, or the place that the keys chose did. */
  constructor(changed) {
    Object.assign(this, { changed, cursor: null, held: null, frozen: false });
    this.picture = svg("svg", { role: "img", style: EARTH_STYLE });
    this.node = element("div", { tabindex: 0, role: "group", "aria-label": BY_KEYS }, this.picture);
    this.picture.addEventListener("pointerdown", (event) => this.press(event));
    this.picture.addEventListener("pointermove", (event) => this.drag(event));
    this.picture.addEventListener("pointerup", () => this.release());
    this.picture.addEventListener("pointercancel", () => this.putDown(this.before));
    this.picture.addEventListener("touchstart", (event) => { // touch-action is not for what is inside an SVG
      if (event.target.closest("[data-shovel]") && !this.frozen) event.preventDefault();
    });
    this.node.addEventListener("keydown", (event) => this.onKey(event));
    this.node.addEventListener("blur", () => { this.cursor = null; this.putDown(); });
  }

  /* Earth lies as p and is wanted as q. */
  lay(p, q) {
    Object.assign(this, { q, held: null, plan: placesOf(p).map((place) => [place, place]) });
    this.high = SHOVEL_HIGH * (Math.max(...p, ...q) + 1);
    this.ground = svg("g", {});
    this.shovels = this.plan.map((_, k) => svg("g", { "data-shovel": k, style: "cursor: grab" },
      svg("rect", { x: -16, y: -25, width: 32, height: 24, rx: 4, fill: EARTH_BLUE, "stroke-width": 3 }),
      written(0, -8, "", { fill: "#fff" })));
    this.picture.setAttribute("viewBox", `0 0 ${PLACE_WIDE * p.length} ${this.high + 18 + 12 * p.length}`);
    this.picture.replaceChildren(this.ground, ...this.shovels);
  }

  /* The shovels at a place, from the ground up; the one in hand lies on top. */
  stack(place, plan = this.plan) {
    const order = (k) => (k === this.held ? 2 : plan[k][0] === place ? 0 : 1);
    return [...plan.keys()].filter((k) => plan[k][1] === place).sort((a, b) => order(a) - order(b) || a - b);
  }

  /* plan: what is shown, the reader's own or another */
  draw(plan) {
    const { q, high, cursor, held } = this, stacks = q.map((_, place) => this.stack(place, plan));
    stacks.forEach((stack, place) => stack.forEach((k, i) => {
      const [rect, number] = this.shovels[k].children, home = plan[k][0];
      const step = Math.min(SHOVEL_HIGH, (high - SHOVEL_HIGH) / (stack.length - 1 || 1)); // many are pressed together
      this.shovels[k].setAttribute("transform", `translate(${placeMiddle(place)} ${high - step * i})`);
      rect.setAttribute("stroke", k === held ? "currentColor" : "none");
      number.textContent = home === place ? "" : home + 1;
    }));
    this.ground.replaceChildren(
      svg("path", { d: `M0 ${high}h${PLACE_WIDE * q.length}`, stroke: "currentColor" }),
      ...q.flatMap((n, place) => [
        svg("rect", {
          x: placeMiddle(place) - 19, y: high - SHOVEL_HIGH * n, width: 38, height: SHOVEL_HIGH * n,
          fill: EARTH_ORANGE, "fill-opacity": 0.15, stroke: EARTH_ORANGE, "stroke-width": n ? 2.5 : 0,
          "stroke-dasharray": stacks[place].length === n ? "none" : "4 3",
        }),
        written(placeMiddle(place), high + 17, place === cursor ? `[${place + 1}]` : place + 1)]),
      ...waysOf(plan).flatMap((way) => drawnWay(...way, high + 26)));
    const lie = `shovels at the places 1 to ${q.length}: ${stacks.map(({ length }) => length).join(", ")}`;
    this.picture.setAttribute("aria-label", `${lie}; wanted: ${q.join(", ")}`);
  }

  take(k) {
    Object.assign(this, { held: k, before: this.plan[k][1] });
    this.changed();
  }

  carry(place) {
    this.plan[this.held][1] = place;
    this.changed();
  }

  /* The shovel in hand, if there is one, where it is or at another place. */
  putDown(place) {
    if (this.held !== null) this.plan[this.held][1] = place ?? this.plan[this.held][1];
    Object.assign(this, { held: null, pressed: false });
    this.changed();
  }

  placeAt({ clientX }) {
    const { left, width } = this.picture.getBoundingClientRect(), { length } = this.q;
    return Math.max(0, Math.min(length - 1, Math.floor((length * (clientX - left)) / width)));
  }

  press(event) {
    if (event.button || this.frozen) return;
    const shovel = event.target.closest("[data-shovel]");
    this.cursor = null;
    if (this.held !== null) return void this.putDown(this.placeAt(event)); // it was pressed, and now its place is
    if (!shovel) return;
    this.picture.setPointerCapture(event.pointerId);
    this.pressed = true;
    this.take(+shovel.dataset.shovel);
  }

  drag(event) {
    if (this.pressed) this.carry(this.placeAt(event));
  }

  /* A shovel that was pressed and not moved stays in hand. */
  release() {
    if (this.pressed && this.plan[this.held][1] !== this.before) this.putDown();
    this.pressed = false;
  }

  onKey(event) {
    const { held, plan, cursor, q, before } = this;
    const step = { ArrowLeft: -1, ArrowRight: 1, " ": 0, Escape: 0 }[event.key];
    if (this.frozen || step === undefined) return;
    event.preventDefault();
    const at = held === null ? cursor ?? -step : plan[held][1];
    this.cursor = Math.max(0, Math.min(q.length - 1, at + step));
    if (held === null) {
      const top = event.key === " " ? this.stack(this.cursor).at(-1) : undefined;
      if (top === undefined) this.changed();
      else this.take(top);
    } else if (step) this.carry(this.cursor);
    else this.putDown(event.key === "Escape" ? (this.cursor = before) : undefined);
  }
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
  const [start, end] = [from, to].map(placeMiddle), deep = top + 16 * Math.abs(to - from);
  const d = `M${start} ${top}C${start} ${deep} ${end} ${deep} ${end} ${top}`, way = `${from + 1} ${to + 1} ${shovels}`;
  return [
    svg("path", { d, fill: "none", stroke: EARTH_BLUE, "stroke-width": 0.5 + 1.5 * shovels, "data-way": way }),
    svg("path", { d: `M${end} ${top}l-5 8h10z`, fill: EARTH_BLUE }),
  ];
}
