/* torch.optim: each changes weights in place by their `.grad`, as torch does, and keeps numbers of its own for each. */
function optimizers() {
  class Optimizer {
    constructor(params, settings) {
      this.params = params;
      Object.assign(this, settings); // lr and the others may be changed between two steps
      this.state = params.map(() => null);
    }

    zero_grad() {
      for (const tensor of this.params) tensor.grad = null;
    }

    step() {
      this.params.forEach((tensor, i) => {
        if (!tensor.grad) return;
        const { data } = tensor, nothing = () => new Float32Array(data.length);
        const state = (this.state[i] ??= { step: 0, moments: Array.from({ length: this.moments }, nothing) });
        state.step++;
        this.change(data, tensor.grad.data, state.step, ...state.moments);
        tensor.storage.changes.version++;
      });
    }

    /* A copy; what is loaded is copied, too. */
    state_dict() {
      return this.state.map((state) => state && { ...state, moments: state.moments.map((numbers) => numbers.slice()) });
    }

    load_state_dict(states) {
      this.state = states;
      this.state = this.state_dict();
    }
  }

  /* w ← w − lr · v with v ← momentum · v + g */
  class SGD extends Optimizer {
    constructor(params, { lr = 1e-3, momentum = 0 } = {}) {
      super(params, { lr, momentum, moments: momentum ? 1 : 0 });
    }

    change(w, g, step, v) {
      const { lr, momentum } = this;
      for (let i = 0; i < w.length; i++) w[i] -= lr * (v ? (v[i] = momentum * v[i] + g[i]) : g[i]);
    }
  }

  /* Kingma and Ba 2015, algorithm 1 */
  class Adam extends Optimizer {
    constructor(params, { lr = 1e-3, betas = [0.9, 0.999], eps = 1e-8 } = {}) {
      super(params, { lr, betas, eps, moments: 2 });
    }

    change(w, g, step, m, v) {
      const { lr, betas: [a, b], eps } = this, rate = lr / (1 - a ** step), root = 1 / Math.sqrt(1 - b ** step);
      for (let i = 0; i < w.length; i++) {
        const slope = g[i], mean = m[i] + (1 - a) * (slope - m[i]), square = b * v[i] + (1 - b) * slope * slope;
        m[i] = mean;
        v[i] = square;
        w[i] -= (rate * mean) / (Math.sqrt(square) * root + eps);
      }
    }
  }

  /* Tieleman and Hinton 2012: each gradient by the root of its running mean square */
  class RMSprop extends Optimizer {
    constructor(params, { lr = 1e-2, alpha = 0.99, eps = 1e-8 } = {}) {
      super(params, { lr, alpha, eps, moments: 1 });
    }

    change(w, g, step, v) {
      const { lr, alpha, eps } = this;
      for (let i = 0; i < w.length; i++) {
        v[i] = alpha * v[i] + (1 - alpha) * g[i] * g[i];
        w[i] -= (lr * g[i]) / (Math.sqrt(v[i]) + eps);
      }
    }
  }

  return withoutNew({ SGD, Adam, RMSprop });
}
