/* Earth on places in a row. A heap: how many shovels lie at each place. A plan: from where to where each goes. */

function placesOf(heap) {
  return heap.flatMap((shovels, place) => Array(shovels).fill(place));
}

/* The first shovel goes to the first place that wants one, and so on: on a line no plan is cheaper. */
function sortedPlan(p, q) {
  const to = placesOf(q);
  return placesOf(p).map((from, k) => [from, to[k]]);
}

function stepsOf(plan) {
  return plan.reduce((sum, [from, to]) => sum + Math.abs(to - from), 0);
}

/* The merchant buys p and sells q, each shovel at the price of its place. */
function earnedWith(prices, p, q) {
  return prices.reduce((sum, price, place) => sum + price * (q[place] - p[place]), 0);
}

/* One price is moved; the others follow where two neighbours would differ by more than 1. */
function pulledPrices(prices, place, price) {
  return prices.map((old, i) => Math.min(price + Math.abs(i - place), Math.max(price - Math.abs(i - place), old)));
}

/* They rise where earth must pass to the right, and fall where it must pass to the left. The lowest is 0. */
function bestPrices(p, q) {
  const prices = [0];
  let passing = 0;
  for (let i = 0; i + 1 < p.length; i++) {
    passing += p[i] - q[i];
    prices.push(prices[i] + Math.sign(passing));
  }
  const lowest = Math.min(...prices);
  return prices.map((price) => price - lowest);
}

/* Two other heaps of as many places and shovels; something must be carried. */
function otherHeaps(places, shovels, random = Math.random) {
  const heap = () => {
    const found = Array(places).fill(0);
    for (let i = 0; i < shovels; i++) found[Math.floor(random() * places)]++;
    return found;
  };
  const p = heap();
  let q = heap();
  while (String(q) === String(p)) q = heap();
  return [p, q];
}
