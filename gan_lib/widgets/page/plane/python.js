/* The lines of gan_lib that do what the page has done: the same data, weights, order and noise, number for number. */

const GAMES_IN_PYTHON = {
  "minimax": () => "games.MINIMAX",
  "non-saturating": ({ smoothing }) => (smoothing ? `games.smoothed(${smoothing})` : "games.NON_SATURATING"),
  "hinge": () => "games.HINGE",
  "least-squares": () => "games.LEAST_SQUARES",
  "wgan": ({ clip }) => `games.wgan(${clip})`,
  "wgan-gp": ({ weight }) => `games.wgan_gp(${weight})`,
  "r1": ({ weight }) => `games.r1(${weight})`,
  "r1-r2": ({ weight }) => `games.r1_r2(${weight})`,
  "relativistic": ({ weight }) => `games.relativistic(${weight})`,
};
const OPTIMIZERS_IN_PYTHON = { adam: "Adam", rmsprop: "RMSprop", sgd: "SGD" };

function planePython({ settings, changes }, updates) {
  const s = settings, end = updates || 4000; // before the first update: what one would ask for
  const network = (hidden, width) => `"hidden": ${hidden}, "width": ${width}`, uniform = s.uniform ? "True" : "False";
  const lines = [
    "from dataclasses import replace", "", "import torch", "",
    "from gan_lib import games, plane", "from gan_lib.data import toy", "from gan_lib.machine.rng import z_from_seed",
    "from gan_lib.training import train", "from gan_lib.training.state import State", "",
    ...dataLines(s),
    "recipe = replace(",
    "    plane.RING,",
    `    game=${GAMES_IN_PYTHON[s.game](s)},`,
    `    generator_args={"latent_dim": ${s.latent_dim}, ${network(s.g_hidden, s.g_width)}, "uniform": ${uniform}},`,
    `    discriminator_args={${network(s.d_hidden, s.d_width)}},`,
    `    optimizer=torch.optim.${OPTIMIZERS_IN_PYTHON[s.optimizer]},`,
    `    lr_g=${s.lr_g},`, `    lr_d=${s.lr_d},`,
    ...(s.optimizer === "adam" ? [`    betas=(${s.beta1 || "0.0"}, ${RECIPE.beta2}),`] : []),
    `    batch_size=${s.batch_size},`, `    d_steps=${s.d_steps},`,
    `    ema=${s.ema || "None"},`, `    seed=${s.seed},`,
    ")", "state = State(recipe, len(data.pixels))",
  ];
  for (const at of [...new Set(changes.map((change) => change.at))].filter((at) => at <= end)) {
    const then = changes.filter((change) => change.at <= at), now = settingsNow({ settings, changes: then });
    const names = then.filter((change) => change.at === at).map((change) => change.name);
    lines.push(`train(state, data, steps=${at})`, ...changeLines(now, names));
  }
  lines.push(`history = train(state, data, steps=${end})  # (lines, 5): step, d_loss, g_loss, d_real, d_fake`,
    "with torch.no_grad():",
    `    samples = state.drawing(z_from_seed(9, ${s.latent_dim}, ${SAMPLES}))  # (${SAMPLES}, 2), the orange points`);
  return lines.join("\n");
}

function dataLines({ data, points }) {
  if (data !== "painted") return [`data = ${TOY_SETS[data].python}  # (8192, 2) in −1…1`];
  const rows = unpackPoints(points).map((point) => `[${point.join(", ")}]`), lines = [];
  for (let i = 0; i < rows.length; i += 8) lines.push(`    ${rows.slice(i, i + 8).join(", ")},`);
  return ["painted = torch.tensor([", ...lines, "]) / 100",
    "data = toy.clouds(8_192, painted)  # (8192, 2) in −1…1: a small cloud around each point"];
}

/* What changed while the training went on. */
function changeLines(now, names) {
  const group = (who) => `state.${who}_optimizer.param_groups[0]`;
  const game = ["game", "smoothing", "clip", "weight"].some((name) => names.includes(name));
  const has = (name, line) => (names.includes(name) ? [line] : []);
  return [
    ...(game ? [`state.recipe = replace(state.recipe, game=${GAMES_IN_PYTHON[now.game](now)})`] : []),
    ...has("d_steps", `state.recipe = replace(state.recipe, d_steps=${now.d_steps})`),
    ...has("lr_g", `${group("g")}["lr"] = ${now.lr_g}`),
    ...has("lr_d", `${group("d")}["lr"] = ${now.lr_d}`),
  ];
}
