/* gan_lib/networks/points.py and mlp.py, by the same names, with the same first weights. */
function pageNetworks(torch, { networks, generator, discriminator, latent_dim, uniform, game }, classes) {
  const { Linear } = torch.nn, of = (layer) => (h) => layer.forward(h).leaky_relu(0.2);

  /* Linear layers by their names in torch, and what they do with a batch. */
  function network(layers, forward) {
    const both = (name, layer) => ["weight", "bias"].map((part) => [`${name}.${part}`, layer[part]]);
    const named = Object.entries(layers).flatMap(([name, layer]) => both(name, layer));
    const weights = named.map(([, weight]) => weight);
    return {
      forward,
      parameters: () => weights,
      requires_grad_: (flag) => weights.forEach((weight) => weight.requires_grad_(flag)),
      state_dict: () => Object.fromEntries(named.map(([name, w]) => [name, { data: w.data.slice(), shape: w.shape }])),
      load_state_dict: (values) => named.forEach(([name, weight]) => weight.data.set(values[name].data)),
    };
  }

  /* Hidden layers, each with a LeakyReLU behind it that has a number of its own, as in a Sequential. */
  function hidden(name, size, { hidden: layers, width }) {
    const layer = (_, i) => [`${name}.${2 * i}`, Linear(i ? width : size, width)];
    return Object.fromEntries(Array.from({ length: layers }, layer));
  }
  const through = (layers) => (x) => Object.values(layers).reduce((h, layer) => of(layer)(h), x);

  /* x (B, n) with a column for each class beside it, 1 in that of the label */
  function told(x, labels, columns) {
    if (!columns) return x;
    const one = new Float32Array(labels.length * columns);
    labels.forEach((label, row) => { one[row * columns + label] = 1; });
    return torch.cat([x, torch.tensor(one, [labels.length, columns])], 1);
  }

  function pointGenerator() {
    const layers = hidden("model", latent_dim + classes, generator), body = through(layers);
    const last = Linear(generator.width, 2), even = (z) => (uniform ? z.mul(Math.SQRT1_2).erf() : z);
    return network({ ...layers, [`model.${2 * generator.hidden}`]: last }, (z, labels, isEven) =>
      last.forward(body(told(isEven ? z : even(z), labels, classes))).tanh());
  }

  function pointDiscriminator() {
    const { width } = discriminator, isTold = game !== "acgan", columns = isTold ? classes : 0;
    const layers = hidden("trunk", 2 + columns, discriminator), trunk = through(layers), head = Linear(width, 1);
    if (isTold) return network({ ...layers, head }, (x, labels) => head.forward(trunk(told(x, labels, columns))));
    const class_head = Linear(width, classes), both = (h) => [head.forward(h), class_head.forward(h)];
    return network({ ...layers, head, class_head }, (x) => both(trunk(x)));
  }

  function mlp(size, { width }, out, end) {
    const fc1 = Linear(size, width), fc2 = Linear(width, out);
    return network({ fc1, fc2 }, (x) => end(fc2.forward(of(fc1)(x))));
  }

  return networks === "points" ? { newGenerator: pointGenerator, newDiscriminator: pointDiscriminator } : {
    newGenerator: () => mlp(latent_dim, generator, 784, (x) => x.tanh()),
    newDiscriminator: () => mlp(784, discriminator, 1, (x) => x),
  };
}
