/* gan_lib/training/loop.py: an update is D's turn, then G's with the same fakes. What stands in recipe.broken goes
 * wrong on purpose, as it would in chapter 3's loop. */

/* → { d_loss, d_real, d_fake } */
function dTurn(state) {
  const { torch, recipe, data, game, generator, discriminator, d_optimizer } = state, { broken } = recipe;
  torch.manual_seed(crc32(`${recipe.seed} 0 ${state.step + 1}`)); // the penalty's numbers
  const size = broken.batch || recipe.batch_size;
  let found, batch;
  for (let left = recipe.d_steps - 1; left >= 0; left--) {
    const taken = state.rows.next(size), labels = game.conditional ? taken.map((row) => data.labels[row]) : undefined;
    const real = realBatch(state, taken), z = state.rng.randn([size, recipe.latent_dim]);
    const draw = () => generator.forward(z, labels);
    batch = { real, fake: left ? torch.no_grad(draw) : draw(), labels }; // G learns from the last fakes alone
    const fake = broken.d_attached ? batch.fake : batch.fake.detach();
    const seen = broken.labels_swapped ? { real: fake, fake: real, labels } : { real, fake, labels };
    found = game.d_loss(judging(state), seen);
    if (!broken.no_zero_grad) d_optimizer.zero_grad();
    found.loss.backward();
    if (!broken.d_frozen) d_optimizer.step();
    if (game.clip) torch.no_grad(() => discriminator.parameters().forEach((w) => w.clamp_(-game.clip, game.clip)));
  }
  state.pending = batch;
  const [d_real, d_fake] = [found.onReal, found.onFake].map(({ data: logits }) => meanOf(shown(game, logits)));
  const means = broken.labels_swapped ? { d_real: d_fake, d_fake: d_real } : { d_real, d_fake };
  return { d_loss: found.loss.item(), ...means };
}

/* → { g_loss }; ends the update. D is frozen: it passes the gradient on to G and keeps none for itself. */
function gTurn(state) {
  const { recipe: { broken }, game, discriminator, g_optimizer, pending } = state;
  const freeze = !broken.g_detached && !broken.no_zero_grad; // chapter 3's loop does not, and these two show it
  state.pending = null;
  discriminator.requires_grad_(!freeze);
  try {
    const fake = broken.g_detached ? pending.fake.detach() : pending.fake;
    const loss = game.g_loss(judging(state), { ...pending, fake });
    if (!broken.no_zero_grad) g_optimizer.zero_grad();
    loss.backward();
    if (!broken.g_frozen) g_optimizer.step();
    state.step++;
    if (state.average) updateAverage(state);
    return { g_loss: loss.item() };
  } finally {
    discriminator.requires_grad_(true);
  }
}

/* What is left of the update that stands next. */
function fullUpdate(state) {
  state.last = { ...(state.pending ? state.half : dTurn(state)), ...gTurn(state) };
}

/* D as the game calls it. */
function judging({ discriminator: { forward }, recipe }) {
  return recipe.broken.sigmoid_twice ? (x, labels) => forward(x, labels).sigmoid() : forward;
}

/* Rows of the data as a tensor in −1…1. */
function realBatch({ torch, data: { rows, d }, recipe: { broken } }, taken) {
  const values = new Float32Array(taken.length * d), isBytes = rows instanceof Uint8Array;
  const scaled = Float32Array.from({ length: 256 }, (_, v) => Math.fround(v / 127.5) - 1); // as gan_lib.data.to_range
  for (let i = 0, to = 0; i < taken.length; i++) {
    for (let from = taken[i] * d, end = from + d; from < end; from++, to++) values[to] = isBytes ? scaled[rows[from]] : rows[from];
  }
  return torch.tensor(broken.zero_to_one ? values.map((v) => (v + 1) / 2) : values, [taken.length, d]);
}

/* A probability, or a critic's value. */
function shown({ probability }, logits) {
  return probability ? logits.map((v) => 1 / (1 + Math.exp(-v))) : logits;
}

function meanOf(values) {
  return values.reduce((sum, v) => sum + v, 0) / values.length;
}

/* θ̄ ← a θ̄ + (1 − a) θ with a = min(ema, (1 + t) / (10 + t)) */
function updateAverage({ torch, recipe, step, average, generator }) {
  const part = 1 - Math.min(recipe.ema, (1 + step) / (10 + step)), now = generator.parameters();
  torch.no_grad(() => average.parameters().forEach((w, i) => w.lerp_(now[i], part)));
}

/* As zlib has it, of plain letters. */
function crc32(text) {
  let crc = -1;
  for (const letter of text) {
    crc ^= letter.charCodeAt(0);
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
