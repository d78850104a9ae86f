/* Move the earth: the reader carries one heap to where another is wanted; then a merchant offers to do it. */

function moveEarth(root, spec) {
  new EarthMover(root, spec);
}

class EarthMover {
  constructor(root, spec) {
    this.board = new EarthBoard(() => this.show());
    this.chain = new PriceChain(() => this.show());
    this.told = element("p", { role: "status" });
    this.bargain = element("p", { role: "status" });
    this.again = button("Start again", () => this.begin(this.p, this.q));
    this.others = button("Other heaps", () => this.begin(...otherHeaps(this.p.length, this.plan.length)));
    this.cheapest = button("", () => this.showCheapest(!this.board.frozen));
    this.open = button("The merchant’s prices", () => this.openShop(this.shop.hidden));
    this.best = button("Show the best prices", () => this.chain.set(bestPrices(this.p, this.q)));
    this.layOut(root);
    this.begin(spec.first, spec.second);
    this.openShop(spec.merchant);
    if (spec.merchant) this.showCheapest(true);
  }

  layOut(root) {
    const part = (name, ...children) => element("div", { class: name }, ...children);
    this.meter = svg("svg", { role: "img", style: EARTH_STYLE });
    this.shop = element("div", {},
      element("p", {}, "He buys where too much lies and sells where some is missing, at the price of the place. If the "
        + "price rose by more than 1 in a step, you would carry it yourself. Pull the prices: how much can he earn?"),
      part("gan-buttons", this.best), this.bargain);
    root.append(
      element("p", {}, "Carry the blue earth into the orange outlines: drag a shovel, or press it and then a place. "
        + "Its number says where it lay first; each step away from there costs 1. How little can it cost?"),
      part("gan-columns",
        part("gan-panel", this.board.node, this.chain.picture),
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
    this.cheapest.textContent = on ? "Back to your plan" : "Show the cheapest plan";
    this.show();
  }

  openShop(open) {
    this.shop.hidden = !open;
    this.chain.picture.style.display = open ? "block" : "none";
    this.open.setAttribute("aria-expanded", open);
    this.show();
  }

  show() {
    const { board, chain, p, q, least } = this, shown = board.frozen ? this.plan : board.plan;
    const lies = q.map((_, place) => shown.filter(([, to]) => to === place).length), cost = stepsOf(shown);
    const left = q.reduce((sum, n, place) => sum + Math.max(0, n - lies[place]), 0);
    board.draw(shown);
    this.cheapest.disabled = !board.frozen && left > 0;
    this.told.textContent = this.words(left, cost, lies);
    const earned = earnedWith(chain.prices, p, q);
    this.bargain.textContent = earned < least ? `He could earn more: the cheapest plan costs ${least}.`
      : `He earns ${least}, what the cheapest plan costs. So no prices earn more, and no plan costs less.`;
    this.drawMeter(cost, earned);
  }

  words(left, cost, lies) {
    const { board: { frozen, held, cursor, plan }, q, least } = this, all = this.plan.length;
    if (frozen) return `This cheapest plan keeps the order: no shovel overtakes another. It costs ${least}.`;
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
    const { least } = this, scale = 200 / Math.max(this.dearest, cost), mark = 120 + scale * least;
    const rows = [[`${this.board.frozen ? "this" : "your"} plan costs`, cost, EARTH_BLUE]];
    if (!this.shop.hidden) rows.push(["merchant earns", earned, EARTH_ORANGE]);
    const low = 26 * rows.length + 6, below = `the cheapest costs ${least}`;
    const said = rows.map(([name, value]) => `${name} ${String(value).replace("-", "−")}`);
    this.meter.setAttribute("viewBox", `0 0 320 ${low + 18}`);
    this.meter.setAttribute("aria-label", `${said.join(", ")}; ${below}`);
    this.meter.replaceChildren(
      ...rows.flatMap(([, value, fill], i) => [
        written(0, 26 * i + 19, said[i], { "text-anchor": "start" }),
        svg("rect", { x: 120, y: 26 * i + 4, width: scale * Math.max(0, value), height: 20, fill })]),
      svg("path", { d: `M${mark} 0v${low}`, stroke: "currentColor", "stroke-width": 2 }),
      written(Math.min(mark, 250), low + 13, below));
  }
}

mount("earth", moveEarth);
