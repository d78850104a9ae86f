/* The link to what an explorer shows: "#z=seed:2,5:1.5,label:3,figure:2", in any order. */

const latentFigures = () => [...document.querySelectorAll('.gan-widget[data-kind="latent"]')];

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch { // a stray %
    return text;
  }
}

/* The address → what it asks for; null where there is none. Parts that cannot
 * be followed are left out and named in `problem`. */
function readLink(size, classes) {
  if (!location.hash.startsWith("#z=")) return null;
  const asked = { seed: 0, label: undefined, figure: 1, moved: new Map(), problem: "" }, wrong = [];
  for (const part of location.hash.slice(3).split(",").filter(Boolean).map(decoded)) {
    const [, key, text] = /^([a-z]+|\d+):(-?\d*\.?\d+)$/.exec(part) || [], value = Number(text), k = Number(key);
    if (key === "seed" && isSeed(value)) asked.seed = value;
    else if (key === "figure" && latentFigures()[value - 1]) asked.figure = value;
    else if (key === "label" && Number.isInteger(value) && value >= 0 && value < classes) asked.label = value;
    else if (key && Number.isInteger(k) && k < size && Math.abs(value) <= 10) asked.moved.set(k, value);
    else wrong.push(part);
  }
  if (wrong.length) asked.problem = `The link asks for ${wrong.join(", ")}, which is not possible here; the rest is shown.`;
  return asked;
}

/* What is shown → the part of an address that asks for it. */
function writeLink({ seed, start, z, label }, classes, figure) {
  const moved = [...z.keys()].filter((k) => z[k] !== start[k]).map((k) => `${k}:${+z[k].toFixed(4)}`);
  const number = latentFigures().indexOf(figure) + 1;
  const rest = [...(classes ? [`label:${label}`] : []), ...(number > 1 ? [`figure:${number}`] : [])];
  return "#z=" + [`seed:${seed}`, ...moved, ...rest].join(",");
}
