/* Move the earth: the reader carries one heap to where another is wanted; then a merchant offers to do it. */

function moveEarth(root, spec) {
  new EarthMover(root, spec);
}

class EarthMover {
  constructor(root, spec) {
    this.root = root;
    this.board = new EarthBoard(() => this.show());
    this.chain = new PriceChain(() => this.show());
    this.told = element("p", { role: "status" });
    this.bargain = element("p", { role: "status" });
    this.again = button("Start again", () => this.begin(this.p, this.q));
    this.others = button("Other heaps", () => this.begin(...otherHeaps(this.p.length, this.plan.length, this.most)));
    this.cheapest = button("Show the cheapest plan", () => this.showCheapest(!this.board.frozen));
    this.open = button("The merchant’s prices", () => this.openShop(this.shop.hidden));
    this.best = button("Show the best prices", () => this.chain.set(bestPrices(this.p, this.q)));
    this.most = Math.max(...spec.first, ...spec.second, Math.ceil(this.sum(spec.first) / spec.first.length) + 1);
    this.layOut();
    this.begin(spec.first, spec.second);
    this.openShop(spec.merchant);
    if (spec.merchant) this.showCheapest(true);
  }

  sum(heap) {
    return heap.reduce((a, b) => a + b, 0);
  }

  layOut() {
    const part = (name, ...children) => element("div", { class: name }, ...children);
    this.meter = svg("svg", { role: "img", style: "display: block; width: 100%" });
    this.shop = element("div", {},
      element("p", {}, "He buys where too much lies and sells where some is missing, at the price of the place. If the "
        + "price rose by more than 1 in a step, you would carry it yourself. Pull the prices: how much can he earn?"),
      this.chain.picture, part("gan-buttons", this.best), this.bargain);
    this.root.append(
      element("p", {}, "Carry the blue earth into the orange outlines: drag a shovel, or press it and then a place. "
        + "Each step away from the place where it lay first, whose number it bears, costs 1. How little can it cost?"),
      part("gan-columns",
        part("gan-panel", this.board.node),
        part("gan-panel", this.meter, this.told,
          part("gan-buttons", this.again, this.others, this.cheapest, this.open), this.shop)));
  }

  begin(p, q) {
    Object.assign(this, { p, q, plan: sortedPlan(p, q), least: stepsOf(sortedPlan(p, q)) });
    this.dearest = stepsOf(placesOf(p).map((from, k) => [from, placesOf(q).reverse()[k]]));
    this.board.lay(p, q);
    this.chain.offer(p, q);
    this.showCheapest(false);
  }

  showCheapest(on) {
    this.board.frozen = on;
    this.cheapest.setAttribute("aria-pressed", on);
    this.show();
  }

  openShop(open) {
    this.shop.hidden = !open;
    this.open.setAttribute("aria-expanded", open);
    this.show();
  }

  show() {
    const { board, chain, p, q, least } = this, shown = board.frozen ? this.plan : board.plan;
    const lies = q.map((_, place) => shown.filter(([, to]) => to === place).length), cost = stepsOf(shown);
    const left = this.sum(q.map((n, place) => Math.max(0, n - lies[place])));
    board.draw(shown);
    this.cheapest.disabled = !board.frozen && left > 0;
    this.told.textContent = this.words(left, cost, lies);
    const earned = earnedWith(chain.prices, p, q);
    this.bargain.textContent = earned < least ? `He earns ${withMinus(earned)}; the cheapest plan costs ${least}.`
      : `He earns ${earned}, and the cheapest plan costs ${least}. So no prices earn more, and no plan costs less.`;
    this.drawMeter(cost, this.shop.hidden ? null : earned);
  }

  words(left, cost, lies) {
    const { board: { frozen, held, cursor, plan }, q, least } = this, all = this.plan.length;
    if (frozen) return `The cheapest plan keeps the order: no shovel overtakes another. It costs ${least}.`;
    const place = held === null ? cursor : plan[held][1], shovels = (n) => `${n} shovel${n === 1 ? "" : "s"}`;
    const here = place === null ? "" : `Place ${place + 1}: ${shovels(lies[place])}, ${q[place]} wanted. `;
    if (held !== null) return `${here}In your hand: one of place ${plan[held][0] + 1}. Put it down at any place.`;
    if (left) return `${here}${shovels(left)} still to carry.`;
    const done = `${here}All is carried, for ${cost}.`;
    return cost > least ? `${done} There is a plan for ${least}: carry something back, or look at it.`
      : `${done} No plan is cheaper. With all the earth as 1, W₁ = ${cost} / ${all} = ${+(cost / all).toFixed(2)}.`;
  }

  /* Cost and earning on one scale, with a mark at the cheapest plan's cost. */
  drawMeter(cost, earned) {
    const { least } = this, scale = 320 / Math.max(this.dearest, cost), at = scale * least;
    const high = earned === null ? 26 : 52;
    const bar = (y, value, fill, text) => [
      svg("rect", { y, width: scale * Math.max(0, value), height: 22, fill, "fill-opacity": 0.5 }),
      written(4, y + 16, text, { "text-anchor": "start" }),
    ];
    const line = { x1: at, x2: at, y2: high, stroke: "currentColor", "stroke-width": 2, "stroke-dasharray": "4 3" };
    const whose = this.board.frozen ? "the cheapest plan" : "your plan";
    const other = earned === null ? [] : bar(28, earned, EARTH_ORANGE, `the merchant earns ${withMinus(earned)}`);
    this.meter.setAttribute("viewBox", `0 0 320 ${high + 20}`);
    this.meter.replaceChildren(...bar(2, cost, EARTH_BLUE, `${whose} costs ${cost}`), ...other, svg("line", line),
      written(Math.max(40, Math.min(at, 280)), high + 15, `cheapest: ${least}`));
    const also = earned === null ? "" : `, the merchant earns ${withMinus(earned)}`;
    this.meter.setAttribute("aria-label", `${whose} costs ${cost}${also}; the cheapest costs ${least}`);
  }
}

const withMinus = (value) => String(value).replace("-", "−");

mount("earth", moveEarth);
