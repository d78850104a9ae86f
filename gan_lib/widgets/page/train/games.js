/* gan_lib/training/games.py: what D and G lower, on logits. d: D as a function; batch: { real, fake, labels } */
function pageGame(torch, recipe) {
  const { cross_entropy } = torch.nn.functional;
  const real = (logits) => logits.neg().softplus().mean(); // −log D
  const fake = (logits) => logits.softplus().mean(); // −log(1 − D)
  const apart = (onReal, onFake) => real(onReal).add(fake(onFake));
  const smoothed = (onReal, onFake) => apart(onReal, onFake).add(onReal.mean().mul(recipe.smoothing));
  const margin = (values) => values.add(1).relu().mean(), half = (errors) => errors.square().mean().mul(0.5);
  const hinge = (onReal, onFake) => margin(onReal.neg()).add(margin(onFake));
  const squares = (onReal, onFake) => half(onReal.sub(1)).add(half(onFake));
  const criticise = (onReal, onFake) => onFake.mean().sub(onReal.mean());

  /* From a loss of logits to one of D and a batch. */
  const ofBoth = (loss) => (d, batch) => {
    const onReal = d(batch.real, batch.labels), onFake = d(batch.fake, batch.labels);
    return { loss: loss(onReal, onFake), onReal, onFake };
  };
  const ofFakes = (loss) => (d, batch) => loss(d(batch.fake, batch.labels));
  const lookReal = ofFakes(real), please = ofFakes((values) => values.mean().neg());

  /* E[(‖∇f(x̂)‖₂ − 1)²] at places between the real and the fake; their ε come from torch's global numbers. */
  function penalised(d, batch) {
    const epsilon = torch.rand([batch.real.shape[0], 1]), found = ofBoth(criticise)(d, batch);
    const between = epsilon.mul(batch.real).add(epsilon.neg().add(1).mul(batch.fake)).detach().requires_grad_();
    const [slope] = torch.autograd.grad(d(between, batch.labels).sum(), [between], { create_graph: true });
    return { ...found, loss: found.loss.add(slope.norm(1).sub(1).square().mean().mul(recipe.weight)) };
  }

  /* D's values, and E[‖∇f(x)‖²] of their slopes: R1 at the real points, R2 at the fakes. */
  function sloped(d, images, labels) {
    const at = images.detach().requires_grad_(), values = d(at, labels);
    const [slope] = torch.autograd.grad(values.sum(), [at], { create_graph: true });
    return { values, slope: slope.square().sum(1).mean() };
  }

  const withR1 = (d, { real, fake, labels }) => {
    const { values: onReal, slope } = sloped(d, real, labels), onFake = d(fake, labels);
    return { loss: apart(onReal, onFake).add(slope.mul(recipe.weight / 2)), onReal, onFake };
  };
  const withBoth = (loss) => (d, { real, fake, labels }) => {
    const { values: onReal, slope: r1 } = sloped(d, real, labels), { values: onFake, slope: r2 } = sloped(d, fake, labels);
    return { loss: loss(onReal, onFake).add(r1.add(r2).mul(recipe.weight / 2)), onReal, onFake };
  };
  const moreReal = (values, others) => others.sub(values).softplus().mean();

  const withClasses = { // an ACGAN's D gives two kinds of logits
    d_loss(d, { real, fake, labels }) {
      const [onReal, realClasses] = d(real), [onFake, fakeClasses] = d(fake);
      const classes = cross_entropy(realClasses, labels).add(cross_entropy(fakeClasses, labels));
      return { loss: apart(onReal, onFake).add(classes.mul(recipe.weight)), onReal, onFake };
    },
    g_loss(d, { fake, labels }) {
      const [onFake, classes] = d(fake);
      return real(onFake).add(cross_entropy(classes, labels).mul(recipe.weight));
    },
  };
  return known({ // probability: σ(logit) is one; clip: D's weights stay within it
    "minimax": { d_loss: ofBoth(apart), g_loss: ofFakes((logits) => fake(logits).neg()), probability: true },
    "non-saturating": { d_loss: ofBoth(smoothed), g_loss: lookReal, probability: true },
    "cgan": { d_loss: ofBoth(apart), g_loss: lookReal, probability: true, conditional: true },
    "acgan": { ...withClasses, probability: true, conditional: true },
    "hinge": { d_loss: ofBoth(hinge), g_loss: please },
    "least-squares": { d_loss: ofBoth(squares), g_loss: ofFakes((values) => half(values.sub(1))) },
    "wasserstein": { d_loss: ofBoth(criticise), g_loss: please },
    "wgan": { d_loss: ofBoth(criticise), g_loss: please, clip: recipe.clip },
    "wgan-gp": { d_loss: penalised, g_loss: please },
    "r1": { d_loss: withR1, g_loss: lookReal, probability: true },
    "r1-r2": { d_loss: withBoth(apart), g_loss: lookReal, probability: true },
    "relativistic": { d_loss: withBoth(moreReal), g_loss: (d, { real, fake, labels }) => moreReal(d(fake, labels), d(real, labels)) },
  }, recipe.game);
}

function known(table, name) {
  if (Object.hasOwn(table, name)) return table[name];
  throw new Error(`there is no “${name}”; choose one of ${Object.keys(table).join(", ")}`);
}
