/* gan_lib/chapters/inversion.py in the page, number for number: Adam moves z until G(z) looks like the picture.
 * For generators of linear layers: the small torch has no convolutions. */

/* A generator as widgets/export.py wrote it → (z: (B, latent_dim)) => pictures (B, y · x · channels), with their graph. */
function differentiable(torch, spec, text, label) {
  const numbers = readNumbers(spec, text), kept = [];
  let taken = 0;
  const take = (...shape) => torch.tensor(numbers.slice(taken, (taken += countOf(shape))), shape);
  const ops = {
    linear({ in: n, out }) {
      const weight = take(out, n), bias = take(out);
      return (x) => x.linear(weight, bias);
    },
    affine({ scale, shift }) {
      const [a, b] = [scale, shift].map((list) => torch.tensor(list));
      return (x) => x.reshape(-1, scale.length).mul(a).add(b).reshape(x.shape[0], -1);
    },
    leaky_relu: ({ slope }) => (x) => x.leaky_relu(slope),
    tanh: () => (x) => x.tanh(),
    sigmoid: () => (x) => x.sigmoid(),
    keep: () => (x) => (kept.push(x), x),
    add: () => (x) => x.add(kept.pop()),
  };
  const layers = spec.layers.map((layer) => ops[layer.op](layer));
  const behind = spec.labels && torch.tensor([spec.labels[label]]);
  return (z) => {
    const inputs = behind ? torch.cat([z, behind.expand(z.shape[0], -1)], 1) : z;
    return layers.reduce((x, layer) => layer(x), inputs);
  };
}

class Descent {
  /* target: the picture's numbers in −1…1, channels last */
  constructor(torch, generator, target, { latent_dim, seed, starts, rate, weight }) {
    Object.assign(this, { generator, weight, target: torch.tensor(target, [1, target.length]) });
    this.z = torch.tensor(normals(seed, starts * latent_dim), [starts, latent_dim], { requires_grad: true });
    this.adam = torch.optim.Adam([this.z], { lr: rate });
    this.curves = Array.from({ length: starts }, () => []); // the error of each start, before each step and at the end
    this.look();
  }

  look() {
    this.drawn = this.generator(this.z); // (starts, values)
    const error = this.drawn.sub(this.target).square().mean(1); // (starts)
    this.loss = error.add(this.z.square().mean(1).mul(this.weight)).sum();
    error.data.forEach((value, i) => this.curves[i].push(value));
  }

  step() {
    this.adam.zero_grad();
    this.loss.backward();
    this.adam.step();
    this.look();
  }

  get steps() {
    return this.curves[0].length - 1;
  }

  /* The start whose error is the smallest now. */
  get best() {
    const last = this.curves.map((curve) => curve.at(-1));
    return last.indexOf(Math.min(...last));
  }

  /* The picture of a start: numbers in −1…1, channels last; and how long its z is. */
  picture(i) {
    const n = this.target.data.length;
    return this.drawn.data.subarray(i * n, (i + 1) * n);
  }

  length(i) {
    const n = this.z.shape[1];
    return Math.hypot(...this.z.data.subarray(i * n, (i + 1) * n));
  }
}
