/* torch.nn and torch.nn.functional: layers with the first weights that torch draws, and losses. */
function neuralNetworks(Tensor, uniform, recording) {
  /* Whatever is a tensor or a module of its own is part of a module, in the order in which it came. */
  class Module {
    call(...inputs) {
      return this.forward(...inputs);
    }

    /* Name, as "0.weight" → parameter */
    get named() {
      const found = {};
      for (const [name, part] of Object.entries(this)) {
        if (part instanceof Tensor) found[name] = part;
        if (part instanceof Module) for (const rest in part.named) found[`${name}.${rest}`] = part.named[rest];
      }
      return found;
    }

    parameters() {
      return Object.values(this.named);
    }

    /* The numbers themselves, as in torch: training goes on changing them. */
    state_dict() {
      const { named } = this;
      for (const name in named) named[name] = named[name].detach();
      return named;
    }

    load_state_dict(values) {
      const { named } = this;
      for (const name of Object.keys({ ...named, ...values })) {
        if (!values[name]) throw runtimeError(`Missing key(s) in state_dict: "${name}".`);
        if (!named[name]) throw runtimeError(`Unexpected key(s) in state_dict: "${name}".`);
        const [theirs, mine] = [values[name], named[name]].map(({ shape }) => `torch.Size(${listed(shape)})`);
        if (theirs === mine) continue;
        throw runtimeError(`size mismatch for ${name}: copying a param with shape ${theirs}, in current model ${mine}.`);
      }
      recording(false, () => Object.keys(named).forEach((name) => named[name].copy_(values[name])));
    }

    requires_grad_(flag = true) {
      for (const tensor of this.parameters()) tensor.requires_grad_(flag);
      return this;
    }

    zero_grad() {
      for (const tensor of this.parameters()) tensor.grad = null;
    }
  }

  class Linear extends Module {
    constructor(inputs, outputs) {
      super();
      const bound = 1 / Math.sqrt(inputs); // kaiming_uniform_(a=√5)
      for (const [name, shape] of [["weight", [outputs, inputs]], ["bias", [outputs]]]) {
        this[name] = uniform(shape, -bound, bound).requires_grad_();
        this[name].storage.changes.version = 1; // torch draws them in place
      }
    }

    forward(x) {
      return x.linear(this.weight, this.bias);
    }
  }

  class LeakyReLU extends Module {
    constructor(slope = 0.01) {
      super();
      this.slope = slope;
    }

    forward(x) {
      return x.leaky_relu(this.slope);
    }
  }

  class Tanh extends Module {
    forward(x) {
      return x.tanh();
    }
  }

  class Sequential extends Module {
    constructor(...modules) {
      super();
      Object.assign(this, modules);
    }

    forward(x) {
      return Object.values(this).reduce((value, module) => module.forward(value), x);
    }
  }

  const functional = {
    linear: (x, weight, bias) => x.linear(weight, bias),
    softplus: (x) => x.softplus(),
    /* logits (B, classes), labels: B whole numbers → −log softmax at the label, the mean */
    cross_entropy(logits, labels) {
      const [rows, classes] = logits.shape, { data } = logits, right = new Float32Array(rows * classes);
      Array.from(labels.data ?? labels).forEach((label, i) => {
        if (!(label >= 0 && label < classes)) throw runtimeError(`Target ${label} is out of bounds.`);
        right[i * classes + label] = 1;
      });
      const largest = (_, i) => Math.max(...data.subarray(i * classes, (i + 1) * classes));
      const top = new Tensor(Float32Array.from({ length: rows }, largest), [rows, 1]);
      const z = logits.sub(top); // exp cannot overflow
      return z.exp().sum(1).log().sub(z.mul(new Tensor(right, logits.shape)).sum(1)).mean();
    },
    /* −[y log σ(ℓ) + (1 − y) log(1 − σ(ℓ))], the mean */
    binary_cross_entropy_with_logits(logits, target) {
      return logits.sub(logits.mul(target)).add(logits.neg().softplus()).mean();
    },
  };

  return { Module, functional, ...withoutNew({ Linear, LeakyReLU, Tanh, Sequential }) };
}

/* Classes, each to be called without `new`, as in Python; with it, too. */
function withoutNew(classes) {
  const made = {};
  for (const [name, Class] of Object.entries(classes)) {
    made[name] = function (...settings) {
      return new Class(...settings);
    };
  }
  return made;
}
