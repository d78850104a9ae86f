/* The merchant's prices, one a place: pull one up or down, by pointer or arrow keys; the others follow as a chain. */

const PRICE_STEP = 24; // pixels

class PriceChain {
  constructor(changed) {
    this.changed = changed;
    this.picture = svg("svg", { role: "group", "aria-label": "the merchant's prices", style: EARTH_STYLE });
    this.picture.addEventListener("pointermove", (event) => { if (this.pulling !== null) this.follow(event); });
    for (const end of ["pointerup", "pointercancel"])
      this.picture.addEventListener(end, () => { this.pulling = null; });
  }

  /* He buys p and sells q. */
  offer(p, q) {
    const n = p.length;
    Object.assign(this, { p, q, pulling: null, most: n - 1, prices: Array(n).fill(Math.floor((n - 1) / 2)) });
    this.low = 16 + PRICE_STEP * this.most;
    this.line = svg("polyline", { fill: "none", stroke: EARTH_ORANGE, "stroke-width": 2 });
    this.knobs = p.map((_, place) => this.makeKnob(place));
    const trades = p.map((here, place) => {
      const more = here - q[place], words = more ? `${more > 0 ? "buys" : "sells"} ${Math.abs(more)}` : "";
      return written(placeMiddle(place), this.low + 34 + 14 * (place % 2), words, { "font-size": 12 });
    });
    this.picture.setAttribute("viewBox", `0 0 ${PLACE_WIDE * n} ${this.low + 56}`);
    this.picture.replaceChildren(this.line, ...trades, ...this.knobs);
    this.draw();
  }

  makeKnob(place) {
    const knob = svg("g", {
      role: "slider", tabindex: 0, "aria-label": `price at place ${place + 1}`, "aria-orientation": "vertical",
      "aria-valuemin": 0, "aria-valuemax": this.most, style: "cursor: ns-resize",
    }, svg("circle", { r: 13, fill: EARTH_ORANGE }), written(0, 5, "", { "font-size": 14, fill: "#fff" }));
    knob.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      this.picture.setPointerCapture(event.pointerId);
      this.pulling = place;
    });
    knob.addEventListener("touchstart", (event) => event.preventDefault());
    knob.addEventListener("keydown", (event) => {
      const up = this.prices[place] + 1, down = up - 2;
      const to = { ArrowUp: up, ArrowRight: up, ArrowDown: down, ArrowLeft: down, Home: 0, End: this.most }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      this.pull(place, to);
    });
    return knob;
  }

  follow({ clientY }) {
    const { top, width } = this.picture.getBoundingClientRect(), scale = (PLACE_WIDE * this.p.length) / width;
    this.pull(this.pulling, Math.round((this.low - scale * (clientY - top)) / PRICE_STEP));
  }

  pull(place, price) {
    const to = Math.max(0, Math.min(this.most, price));
    if (to !== this.prices[place]) this.set(pulledPrices(this.prices, place, to));
  }

  set(prices) {
    this.prices = prices;
    this.draw();
    this.changed();
  }

  draw() {
    const at = this.prices.map((price, place) => [placeMiddle(place), this.low - PRICE_STEP * price]);
    this.line.setAttribute("points", at.join(" "));
    this.knobs.forEach((knob, place) => {
      knob.setAttribute("transform", `translate(${at[place].join(" ")})`);
      knob.setAttribute("aria-valuenow", this.prices[place]);
      knob.lastChild.textContent = this.prices[place];
    });
  }
}
