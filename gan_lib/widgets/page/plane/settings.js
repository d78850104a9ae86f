/* What a play in the plane can be set to; its way into a recipe, into a link and back. */

const RATES = [1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1];
const WIDTHS = [4, 8, 16, 32, 64, 128, 256], HIDDEN = [1, 2, 3, 4];
const SETS = { ...TOY_SETS, painted: { title: "paint your own" } };
const GAMES = { "least-squares": "least squares", "wgan": "WGAN, weights clipped", "wgan-gp": "WGAN-GP",
  "r1": "non-saturating + R1", "r1-r2": "non-saturating + R1 + R2", "relativistic": "relativistic + R1 + R2" };
const PENALISED = ["wgan-gp", "r1", "r1-r2", "relativistic"];
const PLANE_SETTINGS = [ // name, label, group, values, words for them
  ["data", "data set", "Data", Object.keys(SETS), Object.values(SETS).map((set) => set.title)],
  ["game", "losses", "Game", GAME_NAMES, GAME_NAMES.map((name) => GAMES[name] || name)],
  ["smoothing", "label smoothing", "Game", [0, 0.05, 0.1, 0.2, 0.3, 0.4]],
  ["clip", "clip D’s weights at ±", "Game", [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1]],
  ["weight", "penalty’s weight λ or γ", "Game", [0.001, 0.01, 0.1, 0.2, 0.5, 1, 2, 5, 10]],
  ["d_steps", "updates of D for one of G", "Game", [1, 2, 3, 4, 5, 10]],
  ["lr_g", "learning rate of G", "Learning", RATES],
  ["lr_d", "learning rate of D", "Learning", RATES],
  ["optimizer", "optimizer", "Learning", ["adam", "rmsprop", "sgd"], ["Adam", "RMSprop", "SGD"]],
  ["beta1", "β₁ of Adam", "Learning", [0, 0.3, 0.5, 0.7, 0.9]],
  ["batch_size", "batch", "Learning", [8, 16, 32, 64, 128, 256, 512]],
  ["ema", "average of G’s weights (0: none)", "Learning", [0, 0.9, 0.99, 0.995, 0.999]],
  ["g_hidden", "hidden layers of G", "Networks", HIDDEN],
  ["g_width", "width of G", "Networks", WIDTHS],
  ["d_hidden", "hidden layers of D", "Networks", HIDDEN],
  ["d_width", "width of D", "Networks", WIDTHS],
  ["uniform", "kind of z", "z and seed", [false, true], ["normal", "uniform"]],
  ["latent_dim", "length of z", "z and seed", [1, 2, 3, 4, 6, 8, 16, 32]],
  ["seed", "seed", "z and seed", [0, 4294967295]],
].map(([name, label, group, values, words]) => ({ name, label, group, values, words }));

const settingOf = (name) => PLANE_SETTINGS.find((setting) => setting.name === name);

/* What may change while a training goes on; everything else begins a new one. */
const ON_THE_WAY = ["game", "smoothing", "clip", "weight", "d_steps", "lr_g", "lr_d"];

/* Where a setting has no effect it is not shown. */
const hasEffect = (name, { game, optimizer }) => ({
  smoothing: game === "non-saturating", clip: game === "wgan", weight: PENALISED.includes(game), beta1: optimizer === "adam",
})[name] ?? true;

/* What differs from RECIPE → all settings of a play; `points`: what the reader painted, packed. */
function settingsOf({ points = "", ...changes }) {
  const { generator: g, discriminator: d, ema, ...rest } = { ...RECIPE, ...changes };
  const found = { ...rest, g_hidden: g.hidden, g_width: g.width, d_hidden: d.hidden, d_width: d.width, ema: ema || 0 };
  return { ...Object.fromEntries(PLANE_SETTINGS.map(({ name }) => [name, found[name]])), points };
}

const START = settingsOf(PRESETS[0].recipe);

function recipeOf({ g_hidden, g_width, d_hidden, d_width, ema, points, ...rest }) {
  const generator = { hidden: g_hidden, width: g_width }, discriminator = { hidden: d_hidden, width: d_width };
  return { ...rest, generator, discriminator, ema: ema || null };
}

/* Points that a reader painted: whole hundredths in −100…100, two figures of base 36 for each coordinate. */
const packPoints = (points) => points.flat().map((v) => (v + 100).toString(36).padStart(2, "0")).join("");

function unpackPoints(text) {
  const numbers = (text.match(/../g) || []).map((pair) => parseInt(pair, 36) - 100);
  return numbers.flatMap((x, i) => (i % 2 ? [] : [[x, numbers[i + 1]]]));
}

const MOST_POINTS = 300, PAINTING = /^(([0-4][0-9a-z]|5[0-9a-k]){2}){1,300}$/;

/* A part of a link → the value that this setting can have; undefined: it cannot. */
function valueOf(name, text) {
  if (name === "points") return PAINTING.test(text) ? text : undefined;
  const { values, words } = settingOf(name) || { values: [] };
  if (words) return values.find((value) => String(value) === text);
  const value = Number(text || NaN), fits = value >= values[0] && value <= values.at(-1);
  return fits && (Number.isInteger(value) || !values.every(Number.isInteger)) ? value : undefined;
}

/* A link is a list: what differs from START, "updates:500", what changed then, "updates:1250"; of a second play, behind
 * "b.", what differs from the first. A play is { settings, changes: [{ at, name, value }, …] }.
 * → { plays: one or two, updates, figure, problem }; null where the address asks for no play. Parts that cannot be
 * followed are left out and named in `problem`. */
function readPlane(hash) {
  if (!hash.startsWith("#plane=")) return null;
  const begin = [{}, {}], changes = [[], []], wrong = [];
  let updates = 0, figure = 1;
  for (const part of hash.slice(7).split(",").filter(Boolean)) {
    const [, second, name, text] = /^(b\.)?([a-z_0-9]+):(.+)$/.exec(part) || [], which = second ? 1 : 0;
    const value = name && valueOf(name, text), count = /^\d{1,7}$/.test(text) && !second ? Number(text) : NaN;
    if (name === "updates" && count >= updates) updates = count;
    else if (name === "figure" && count > 0) figure = count;
    else if (value !== undefined && !updates) begin[which][name] = value;
    else if (value !== undefined && ON_THE_WAY.includes(name)) changes[which].push({ at: updates, name, value });
    else wrong.push(part.length > 40 ? `${part.slice(0, 39)}…` : part);
  }
  const first = { ...START, ...begin[0] }, plays = [{ settings: first, changes: changes[0] }];
  if (Object.keys(begin[1]).length) plays.push({ settings: { ...first, ...begin[1] }, changes: changes[1] });
  const problem = wrong.length && `The link asks for ${wrong.join(", ")}, which is not possible here; the rest is done.`;
  return { plays, updates, figure, problem: problem || "" };
}

function writePlane({ plays, updates, figure }) {
  const [first, second] = plays.map((play) => play.settings);
  const changed = (now, from, mark) =>
    Object.keys(from).filter((name) => now[name] !== from[name]).map((name) => `${mark}${name}:${now[name]}`);
  const parts = changed(first, START, "");
  if (second) {
    const others = changed(second, first, "b.");
    parts.push(...(others.length ? others : [`b.seed:${second.seed}`]));
  }
  const later = plays.flatMap((play, i) => play.changes.map((change) => ({ ...change, mark: i ? "b." : "" })));
  let told = 0;
  for (const { at, name, value, mark } of later.sort((a, b) => a.at - b.at)) {
    if (at > told) parts.push(`updates:${told = at}`);
    parts.push(`${mark}${name}:${value}`);
  }
  if (updates > told) parts.push(`updates:${updates}`);
  if (figure > 1) parts.push(`figure:${figure}`);
  return `#plane=${parts.join(",")}`;
}

/* What the play is set to now, and its settings after a change: a new play, or the same one that goes on otherwise. */
const settingsNow = ({ settings, changes }) =>
  ({ ...settings, ...Object.fromEntries(changes.map(({ name, value }) => [name, value])) });

function changedPlay({ settings, changes }, name, value, at) {
  const now = { ...settingsNow({ settings, changes }), [name]: value };
  if (!at || !ON_THE_WAY.includes(name)) return { settings: now, changes: [] };
  const others = changes.filter((change) => change.at < at || change.name !== name);
  return { settings, changes: [...others, { at, name, value }] };
}

/* "WGAN-GP", or "batch 32" */
function told({ name, label, values, words }, settings) {
  return words ? words[values.indexOf(settings[name])] : `${label} ${settings[name]}`;
}
