/* What one generator shows of z: the picture, the strip −3 / 0 / +3, the pixels that the dimension moves, the pin. */

const EFFECT_PARTS = 8, EFFECT_PAIRS = 2, EFFECT_SEED = 1234, EFFECT_DELTA = 0.05; // 16 z in all, two at a time

function latentView({ title, network }, engine) {
  const canvas = (kind) => element("canvas", { class: kind, role: "img", "aria-label": "not drawn yet" });
  const picture = canvas("gan-picture"), map = canvas("gan-map"), pinned = canvas("gan-pinned");
  const strip = [-3, 0, 3].map((value) => ({ value, canvas: canvas("gan-step") }));
  const stripTitle = element("p"), mapTitle = element("p"), pinTitle = element("p");
  const pinBox = element("div", { hidden: "" }, pinned, pinTitle);
  const head = element("div", { class: "gan-view" },
    ...(title ? [element("p", { class: "gan-title" }, title)] : []),
    picture,
    element("div", { class: "gan-strip" }, ...strip.map((s) => s.canvas), stripTitle));
  const foot = element("div", { class: "gan-view gan-pair" }, element("div", {}, map, mapTitle), pinBox);
  const name = title ? `${title}: ` : "", size = network.latent_dim, [channels, height, width] = network.shape;
  let stripOf = "", effectOf = "", parts = 0, total;

  /* z as the network takes it: with what the label puts behind it */
  const input = (z, label) => (network.labels ? [...z, ...network.labels[label]] : z);
  const inputs = (list, label) => Float32Array.from(list.flatMap((z) => [...input(z, label)]));
  const changed = (z, k, value) => { const other = z.slice(); other[k] = value; return other; };
  const text = (node, value) => { if (node.textContent !== value) node.textContent = value; };

  async function draw({ z, label, title: what }) {
    paint(picture, await engine.draw({ inputs: inputs([z], label), pictures: 1 }), network.shape);
    picture.setAttribute("aria-label", `${name}the generator's picture of ${what}`);
  }

  async function drawStrip({ z, label, active }) {
    const walk = strip.map(({ value }) => changed(z, active, value)), now = `${active} ${label} ${walk[0]}`;
    if (now === stripOf) return;
    stripOf = now;
    const pixels = await engine.draw({ inputs: inputs(walk, label), pictures: 3 }), n = pixels.length / 3;
    strip.forEach(({ canvas: step, value }, i) => {
      paint(step, pixels.subarray(i * n, (i + 1) * n), network.shape);
      step.setAttribute("aria-label", `${name}the same z with z[${active}] = ${value}`);
    });
    text(stripTitle, `z[${active}] at −3, 0, 3`);
  }

  /* One part of the map; it is shown when all parts are there. Central differences, at other z than the reader's. */
  async function drawEffect({ label, active }) {
    const now = `${active} ${label}`;
    if (now !== effectOf) [effectOf, parts, total] = [now, 0, new Float32Array(channels * height * width)];
    if (parts === EFFECT_PARTS) return;
    const all = normals(EFFECT_SEED, EFFECT_PARTS * EFFECT_PAIRS * size), list = [];
    for (let i = parts * EFFECT_PAIRS; i < (parts + 1) * EFFECT_PAIRS; i++) {
      const z = all.slice(i * size, (i + 1) * size);
      list.push(changed(z, active, z[active] + EFFECT_DELTA), changed(z, active, z[active] - EFFECT_DELTA));
    }
    const part = await engine.effect({ inputs: inputs(list, label), pictures: list.length, delta: EFFECT_DELTA });
    part.forEach((v, i) => { total[i] += v / EFFECT_PARTS; });
    if (++parts === EFFECT_PARTS) showEffect(active);
  }

  function showEffect(k) {
    const most = total.reduce((a, b) => Math.max(a, b), 1e-12);
    paint(map, total.map((v) => Math.round((255 * v) / most)), network.shape);
    const strength = `at most ${(127.5 * most).toFixed(0)} of 255 grey levels per unit`;
    map.setAttribute("aria-label", `${name}the pixels that z[${k}] moves, white the most: ${strength}`);
    text(mapTitle, `pixels that z[${k}] moves (white: ${strength})`);
  }

  function pin(what) {
    pinned.width = width;
    pinned.height = height;
    pinned.getContext("2d").drawImage(picture, 0, 0);
    pinned.setAttribute("aria-label", `${name}pinned, the picture of ${what}`);
    pinTitle.textContent = `pinned: ${what}`;
    pinBox.hidden = false;
  }

  return { head, foot, draw, drawStrip, drawEffect, pin };
}
