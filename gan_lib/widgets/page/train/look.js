/* What can be seen of a training, without changing it. */

function lookAtPoints(state, { samples = 1000, real = 0, field = 0, arrows = 0, fold = 0, w1 = false }) {
  const { torch, recipe, data, game, discriminator } = state, { latent_dim, uniform } = recipe, d = judging(state);
  const points = (values) => torch.tensor(values, [values.length / 2, 2]);
  const along = (k, side) => (2 * k) / (side - 1) - 1; // −1…1
  const labelsOf = (n) => (game.conditional ? Int32Array.from({ length: n }, (_, i) => i % data.classes) : undefined);
  const draw = (z, isEven) => torch.no_grad(() => drawing(state).forward(z, labelsOf(z.shape[0]), isEven)).data;
  const drawn = draw(torch.generator(9).randn([samples, latent_dim])); // as gan_lib.chapters.plane has them

  function fieldOf(side) {
    const place = (_, i) => (i % 2 ? -along(Math.floor(i / 2 / side), side) : along((i / 2) % side, side));
    const places = points(Float32Array.from({ length: 2 * side ** 2 }, place));
    return shown(game, torch.no_grad(() => d(places)).data);
  }

  function arrowsOf(n) {
    const x = points(drawn.slice(0, 2 * n)).requires_grad_(), real = points(data.rows.slice(0, 2 * n));
    discriminator.requires_grad_(false);
    const [{ data: slopes }] = torch.autograd.grad(game.g_loss(d, { real, fake: x, labels: labelsOf(n) }), [x]);
    discriminator.requires_grad_(true);
    return Float32Array.from({ length: 4 * n }, (_, i) => {
      const j = 2 * (i >> 2) + (i & 1);
      return i & 2 ? -n * slopes[j] : x.data[j];
    });
  }

  function foldOf(side) {
    const dims = Math.min(2, latent_dim), n = side ** dims, reach = uniform ? 1 : 2;
    const z = new Float32Array(n * latent_dim);
    for (let i = 0; i < n; i++)
      for (let k = 0; k < dims; k++) z[i * latent_dim + k] = reach * along(k ? Math.floor(i / side) : i % side, side);
    return { side, dims, points: draw(torch.tensor(z, [n, latent_dim]), true) };
  }

  return {
    ...progressOf(state),
    samples: drawn,
    real: real ? data.rows.slice(0, 2 * real) : null,
    field: field && !game.conditional ? fieldOf(field) : null,
    arrows: arrows ? arrowsOf(Math.min(arrows, samples, data.n)) : null,
    fold: fold ? foldOf(fold) : null,
    modes: data.centres ? { ...strictModes(drawn, data), even: strictModes(data.even(samples).flat(), data) } : null,
    w1: w1 ? slicedDistance(drawn, data.rows.subarray(0, 2 * samples)) : null,
  };
}

/* Of 64 z as gan_lib's runs.fixed_z has them, or of z (n · latent_dim). */
function lookAtPictures(state, { z, n = 64 }) {
  const { torch, recipe } = state, shape = [n, recipe.latent_dim];
  const from = z ? torch.tensor(z, shape) : torch.generator(1234).randn(shape);
  const { data } = torch.no_grad(() => drawing(state).forward(from));
  return { ...progressOf(state), grey: Uint8Array.from(data, (v) => Math.round((v + 1) * 127.5)) };
}

function drawing({ average, generator }) {
  return average || generator;
}

function progressOf({ step, last }) {
  return { step, ...(last ?? { d_loss: null, d_real: null, d_fake: null, g_loss: null }) };
}
