"""The page's small torch is torch: the same numbers, gradients, random numbers, steps and errors."""

import json
import random
import re

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from gan_lib.widgets import face
from tests.page_scripts import context

FORMS = {"plain": "undefined", "simd": "GEMM", "relaxed": "GEMM_RELAXED"}
# A program is its leaves, [numbers, shape, requires_grad], and its calls, [name, which values, ...settings].
PLAY = """
const opened = (text) => smallTorch(text && new WebAssembly.Module(readBytes(text)));
const numbers = (tensors) => tensors.map((tensor) => tensor && Array.from(tensor.data));
function answer(work) {
  try {
    return work();
  } catch (error) {
    if (error.name !== "RuntimeError") throw error;
    return error.message;
  }
}
function values(torch, { leaves, calls }) {
  const found = leaves.map(([numbers, shape, requires_grad]) => torch.tensor(numbers, shape, { requires_grad }));
  for (const [name, which, ...settings] of calls) {
    const given = which.map((i) => found[i]), [first, ...others] = given;
    if (name === "cat") found.push(torch.cat(given, ...settings));
    else if (first[name]) found.push(first[name](...others, ...settings));
    else found.push(torch.nn.functional[name](...given, ...settings));
  }
  return found;
}
const wanting = (found, { leaves }) => found.slice(0, leaves.length).filter((leaf) => leaf.requires_grad);
const loss = (found) => found.slice(-4).map((value) => value.tanh().mean()).reduce((a, b) => a.add(b));
function derivatives(torch, program) {
  const found = values(torch, program), leaves = wanting(found, program);
  const first = torch.autograd.grad(loss(found), leaves, { create_graph: true, allow_unused: true });
  first.filter(Boolean).reduce((sum, g) => sum.add(g.square().sum()), torch.tensor(0)).backward();
  return [...numbers(found), ...numbers(first), ...numbers(leaves.map((leaf) => leaf.grad))];
}
const mishaps = {
  twice(torch, found) { loss(found).backward(); loss(found).backward(); },
  again(torch, found) { const end = loss(found); end.backward(); end.backward(); },
  retained(torch, found) { const end = loss(found); end.backward({ retain_graph: true }); end.backward(); },
  changed(torch, found, at) { const end = loss(found); torch.no_grad(() => found[at].mul_(0.5)); end.backward(); },
  detached(torch, found, at) { const end = loss(found); found[at].detach().add_(1); end.backward(); },
  recorded(torch, found, at) { const end = loss(found); found[at].add_(1); end.add(found[at].sum()).backward(); },
  vector(torch, found, at) { found[at].backward(); },
  part(torch, found, at) { torch.autograd.grad(found[at].sum(), found[0]); loss(found).backward(); },
};
function mishap(torch, program) {
  const found = values(torch, program);
  mishaps[program.mishap](torch, found, program.at);
  return numbers(wanting(found, program).map((leaf) => leaf.grad));
}
"""


@pytest.fixture(scope="module")
def page():
    engine = context(*face.TORCH)
    forms = ", ".join(f"{name}: opened({text})" for name, text in FORMS.items())
    engine.eval(f"{PLAY}\nconst forms = {{ {forms} }};")
    engine.eval("const all = (form, work, programs) => programs.map((each) => answer(() => work(forms[form], each)));")
    return engine


def play(page, code, form="relaxed"):
    """What lines of JavaScript return, or its error's message; they know `torch`, `nn` and `F`."""
    known = f"const torch = forms.{form}, {{ nn }} = torch, F = nn.functional;"
    return json.loads(page.eval(f"JSON.stringify(answer(() => {{ {known} {code} }}) ?? null)"))


# ------------------------------------------------------------------------------------------ the same programs, by torch


def answer(work, *given):
    try:
        return work(*given)
    except (RuntimeError, IndexError) as error:
        return str(error)


def numbers(tensors):
    return [None if tensor is None else tensor.detach().flatten().tolist() for tensor in tensors]


def call(name, given, settings):
    first, *others = given
    match name:
        case "cat":
            return torch.cat(given, *settings)
        case "norm":
            return torch.linalg.vector_norm(first, 2, *settings)
        case "index":
            return first[settings[0]]
        case "cross_entropy":
            return F.cross_entropy(first, torch.tensor(settings[0]))
        case "linear" | "softplus" | "leaky_relu" | "binary_cross_entropy_with_logits":
            return getattr(F, name)(first, *others, *settings)
        case "lerp":
            return first.lerp(others[0], settings[0])
    return getattr(first, name)(*others, *settings)


def values(program):
    found = [torch.tensor(n).reshape(shape).requires_grad_(wanted) for n, shape, wanted in program["leaves"]]
    for name, which, *settings in program["calls"]:
        found.append(call(name, [found[i] for i in which], settings))
    return found


def wanting(found, program):
    return [leaf for leaf in found[: len(program["leaves"])] if leaf.requires_grad]


def loss(found):
    return sum(value.tanh().mean() for value in found[-4:])


def derivatives(program):
    found = values(program)
    leaves = wanting(found, program)
    first = torch.autograd.grad(loss(found), leaves, create_graph=True, allow_unused=True)
    sum((g.square().sum() for g in first if g is not None), torch.tensor(0.0)).backward()
    return [*numbers(found), *numbers(first), *numbers(leaf.grad for leaf in leaves)]


def mishap(program):
    found, at = values(program), program["at"]
    match program["mishap"]:
        case "twice":
            loss(found).backward(), loss(found).backward()
        case "again":
            end = loss(found)
            end.backward(), end.backward()
        case "retained":
            end = loss(found)
            end.backward(retain_graph=True), end.backward()
        case "changed":
            end = loss(found)
            with torch.no_grad():
                found[at].mul_(0.5)
            end.backward()
        case "detached":
            end = loss(found)
            found[at].detach().add_(1)
            end.backward()
        case "recorded":
            end = loss(found)
            found[at].add_(1)
            (end + found[at].sum()).backward()
        case "vector":
            found[at].backward()
        case "part":
            torch.autograd.grad(found[at].sum(), found[0])
            loss(found).backward()
    return numbers(leaf.grad for leaf in wanting(found, program))


# ------------------------------------------------------------------------------------------------- programs from a seed


def program_of(seed):
    """A program of six to ten calls whose values stay of order one."""
    draw = random.Random(seed)
    rows, columns = draw.randint(1, 4), draw.randint(1, 5)
    shapes = [[rows, columns], [columns], [rows, 1], [draw.randint(1, 4), columns], []]
    leaves = [leaf(draw, shape, draw.random() < 0.7) for shape in (shapes[0], *draw.choices(shapes, k=2))]
    leaves[0][2] = True
    program = {"leaves": leaves, "calls": []}
    found, length = values(program), draw.randint(6, 10)
    while len(program["calls"]) < length:
        chosen = draw.choice(CALLS)(draw, found, draw.randrange(len(found)))
        if chosen:
            name, which, settings = chosen
            value = call(name, [found[i] for i in which], settings)
            if value.isfinite().all() and value.abs().max() < 8:
                found.append(value)
                program["calls"].append([name, which, *settings])
    kind = draw.choice(("twice", "again", "retained", "changed", "changed", "detached", "recorded", "vector", "part"))
    whole = [i for i, value in enumerate(found) if not value._is_view()]
    return program | {"mishap": kind, "at": draw.choice(whole if kind == "recorded" else range(len(found)))}


def leaf(draw, shape, wanted):
    return [np.float32([draw.uniform(-1.5, 1.5) for _ in range(int(np.prod(shape)))]).tolist(), shape, wanted]


def of_one(name, *settings):
    return lambda draw, found, i: (name, [i], settings)


def of_two(name, *settings, fits=lambda a, b: True):
    def choose(draw, found, i):
        j = draw.randrange(len(found))
        try:
            torch.broadcast_shapes(found[i].shape, found[j].shape)
        except RuntimeError:
            return None
        return (name, [i, j], settings) if fits(found[i], found[j]) else None

    return choose


def of_positive(name):
    return lambda draw, found, i: (name, [i], ()) if found[i].min() > 0.05 else None


def reduced(name):
    def choose(draw, found, i):
        dims = draw.choice([None, *range(-found[i].ndim, found[i].ndim)])
        return name, [i], (dims, draw.random() < 0.5) if found[i].ndim else ()

    return choose


def product(draw, found, i):
    fitting = [j for j, b in enumerate(found) if found[i].ndim == b.ndim == 2 and found[i].shape[1] == b.shape[0]]
    return ("matmul", [i, draw.choice(fitting)], ()) if fitting else None


def linear(draw, found, i):
    x = found[i]
    fitting = [j for j, w in enumerate(found) if x.ndim == w.ndim == 2 and x.shape[1] == w.shape[1]]
    biases = [[(j, k) for k, b in enumerate(found) if list(b.shape) == [found[j].shape[0]]] for j in fitting]
    both = [pair for pairs in biases for pair in pairs] or [(j,) for j in fitting]
    return ("linear", [i, *draw.choice(both)], ()) if both else None


def moved(draw, found, i):
    x = found[i]
    turned = x.ndim == 2 and not x.is_contiguous()
    kinds = {
        "reshape": ([draw.choice([-1, x.numel()])],),
        "flatten": (draw.randrange(max(x.ndim, 1)),),
        "clone": (),
        "expand": ([draw.randint(1, 3), *x.shape],),
        "detach": (),
    }
    kinds |= {"t": ()} if x.ndim == 2 else {}
    kinds |= {} if turned else {"view": ([1, *x.shape],)}
    kinds |= {"index": ([draw.randrange(len(x)) for _ in range(3)],)} if x.ndim else {}
    name = draw.choice(list(kinds))
    return name, [i], kinds[name]


def joined(draw, found, i):
    same = [j for j, b in enumerate(found) if found[i].ndim and b.shape == found[i].shape]
    return ("cat", [i, draw.choice(same)], (draw.randrange(found[i].ndim),)) if same else None


def judged(draw, found, i):
    if found[i].ndim != 2:
        return None
    labels = [draw.randrange(found[i].shape[1]) for _ in range(len(found[i]))]
    return "cross_entropy", [i], (labels,)


def like(name, *settings):
    def choose(draw, found, i):
        same = [j for j, b in enumerate(found) if b.shape == found[i].shape]
        return name, [i, draw.choice(same)], settings

    return choose


CALLS = [
    *(of_one(name) for name in ("neg", "exp", "square", "tanh", "sigmoid", "softplus", "erf", "abs", "relu")),
    *(of_one("leaky_relu", 0.2), of_one("clamp", -0.5, 0.7), of_one("mul", 1.5), of_one("add", 0.25), of_one("div", 2)),
    *(of_positive(name) for name in ("log", "sqrt")),
    *(of_two(name) for name in ("add", "sub", "mul")),
    of_two("div", fits=lambda a, b: b.abs().min() > 0.2),
    *(reduced(name) for name in ("sum", "mean", "norm")),
    *(like("lerp", 0.25), like("binary_cross_entropy_with_logits")),
    *(product, product, linear, linear, linear, moved, moved, joined, judged),
]


def near(mine, theirs):
    """Lists of numbers or None, each list within 1e-5 of torch's: of 1, or of the largest number in it."""
    assert len(mine) == len(theirs)
    for a, b in zip(mine, theirs, strict=True):
        assert (a is None) == (b is None)
        if b:
            a, b = np.array(a), np.array(b)
            assert a.shape == b.shape and np.abs(a - b).max() <= 1e-5 * max(1, np.abs(b).max())


@pytest.fixture(scope="module")
def programs():
    return [program_of(seed) for seed in range(200)]


def played(page, form, work, programs):
    return json.loads(page.eval(f"JSON.stringify(all('{form}', {work}, {json.dumps(programs)}))"))


# Of torch's messages what every version of it says.
KINDS = (
    r"a second time",
    r"modified by an (inplace) operation: .*?(\[[\d, ]*\])\].* is at (version \d+; expected version \d+) instead",
    r"a leaf Variable that requires grad is being used in an in-place operation",
    r"element 0 of tensors does not require grad",
    r"only for scalar outputs",
    r"appears to not have been used in the graph",
    r"shapes cannot be multiplied \(\d+x\d+ and \d+x\d+\)",
    r"The size of tensor a \(\d+\) must match the size of tensor b \(\d+\) at non-singleton dimension \d+",
    r"output with shape \[.*?\] doesn't match the broadcast shape \[.*?\]",
    r"shape '\[.*?\]' is invalid for input of size \d+",
    r"view size is not compatible",
    r"cannot be converted to Scalar",
    r"you can only change requires_grad flags of leaf variables",
    r"size mismatch for \S+: copying a param with shape torch.Size\(\[.*?\]\)",
    r"out of bounds",
    r"does not require grad",
)


def kind(message):
    found = next(filter(None, (re.search(pattern, message) for pattern in KINDS)))
    return " ".join(found.groups() or [found[0]])


def same(mine, theirs):
    """The same numbers, or an error of the same kind, whose versions and shapes are the same."""
    if isinstance(mine, str) or isinstance(theirs, str):
        assert isinstance(mine, str) and isinstance(theirs, str) and kind(mine) == kind(theirs)
    else:
        near(mine, theirs)


def test_200_programs_have_torchs_values_gradients_and_second_derivatives(page, programs):
    assert {name for program in programs for name, *_ in program["calls"]} >= {
        *("linear", "matmul", "t", "leaky_relu", "tanh", "softplus", "mean", "norm", "cat", "index", "expand", "view"),
        *("cross_entropy", "binary_cross_entropy_with_logits", "div", "sqrt", "log", "erf", "clamp", "lerp"),
    }
    theirs = [answer(derivatives, program) for program in programs]
    assert sum(not isinstance(each, str) for each in theirs) > 180
    for form in FORMS:
        for mine, expected in zip(played(page, form, "derivatives", programs), theirs, strict=True):
            same(mine, expected)


def test_where_torch_raises_the_page_raises_and_nowhere_else(page, programs):
    theirs = [answer(mishap, program) for program in programs]
    messages = [kind(each) for each in theirs if isinstance(each, str)]
    assert 60 < len(messages) < 140 and len({message.split("[")[0] for message in messages}) == 5
    for mine, expected in zip(played(page, "simd", "mishap", programs), theirs, strict=True):
        same(mine, expected)


# -------------------------------------------------------------------------------- errors, one by one, in both languages

ERRORS = {
    "a second time": (
        "const x = torch.ones(2, { requires_grad: true }), y = x.mul(x).sum(); y.backward(); y.backward();",
        lambda: [(y := (x := torch.ones(2, requires_grad=True)).mul(x).sum()).backward(), y.backward()],
    ),
    "nothing was kept": (
        "const x = torch.ones(2, { requires_grad: true }), y = x.add(x).sum(); y.backward(); y.backward();"
        "return x.grad.tolist();",
        lambda: [
            (y := (x := torch.ones(2, requires_grad=True)).add(x).sum()).backward(),
            y.backward(),
            x.grad.tolist(),
        ][-1],
    ),
    "no graph": ("torch.ones(1).backward();", lambda: torch.ones(1).backward()),
    "no scalar": (
        "torch.ones(2, { requires_grad: true }).mul(2).backward();",
        lambda: torch.ones(2, requires_grad=True).mul(2).backward(),
    ),
    "a scalar of shape (1, 1)": (
        "const x = torch.ones([1, 1], { requires_grad: true }); x.mul(2).backward(); return x.grad.tolist();",
        lambda: [(x := torch.ones(1, 1, requires_grad=True)).mul(2).backward(), x.grad.tolist()][1],
    ),
    "in place on a leaf": (
        "torch.ones(2, { requires_grad: true }).add_(1);",
        lambda: torch.ones(2, requires_grad=True).add_(1),
    ),
    "in place on a leaf, without recording": (
        "const x = torch.ones(2, { requires_grad: true }); torch.no_grad(() => x.add_(1));"
        "return [x.tolist(), x._version];",
        lambda: [torch.no_grad()((x := torch.ones(2, requires_grad=True)).add_)(1), [x.tolist(), x._version]][1],
    ),
    "products": ("torch.ones(2, 3).matmul(torch.ones(4, 5));", lambda: torch.ones(2, 3) @ torch.ones(4, 5)),
    "a layer": ("nn.Linear(3, 4).call(torch.ones(2, 5));", lambda: nn.Linear(3, 4)(torch.ones(2, 5))),
    "sums": ("torch.ones(2, 3).add(torch.ones(2, 4));", lambda: torch.ones(2, 3) + torch.ones(2, 4)),
    "too large for its place": ("torch.ones(3).add_(torch.ones(2, 3));", lambda: torch.ones(3).add_(torch.ones(2, 3))),
    "a view": ("torch.ones(2, 3).view(4);", lambda: torch.ones(2, 3).view(4)),
    "a view of what is turned": ("torch.ones(2, 3).t().view(6);", lambda: torch.ones(2, 3).t().view(6)),
    "no number": ("torch.ones(2, 3).item();", lambda: torch.ones(2, 3).item()),
    "not used": (
        "const x = torch.ones(1, { requires_grad: true }), y = torch.ones(1, { requires_grad: true });"
        "torch.autograd.grad(x.mul(2), [x, y]);",
        lambda: torch.autograd.grad(
            (x := torch.ones(1, requires_grad=True)) * 2, [x, torch.ones(1, requires_grad=True)]
        ),
    ),
    "wants none": (
        "torch.autograd.grad(torch.ones(1, { requires_grad: true }).mul(2), torch.ones(1));",
        lambda: torch.autograd.grad(torch.ones(1, requires_grad=True) * 2, torch.ones(1)),
    ),
    "a result cannot be told to want none": (
        "torch.ones(1, { requires_grad: true }).mul(2).requires_grad_(false);",
        lambda: (torch.ones(1, requires_grad=True) * 2).requires_grad_(False),
    ),
    "a label": (
        "F.cross_entropy(torch.ones(1, 3), [3]);",
        lambda: F.cross_entropy(torch.ones(1, 3), torch.tensor([3])),
    ),
    "a row": ("torch.ones(2, 3).index([2]);", lambda: torch.ones(2, 3)[[2]]),
    "other weights": (
        "nn.Linear(2, 3).load_state_dict(nn.Linear(2, 4).state_dict());",
        lambda: nn.Linear(2, 3).load_state_dict(nn.Linear(2, 4).state_dict()),
    ),
    "a step in between": (
        "const net = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1)), y = net.call(torch.ones(1, 2));"
        "y.backward({ retain_graph: true }); torch.optim.SGD(net.parameters(), { lr: 1 }).step(); y.backward();",
        lambda: step_in_between(),
    ),
}


def step_in_between():
    net = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    y = net(torch.ones(1, 2))
    y.backward(retain_graph=True)
    torch.optim.SGD(net.parameters(), lr=1).step()
    y.backward()


@pytest.mark.parametrize("case", ERRORS)
def test_each_error_is_torchs(page, case):
    code, work = ERRORS[case]
    mine, theirs = play(page, code), answer(work)
    if isinstance(theirs, str):
        assert isinstance(mine, str) and kind(mine) == kind(theirs)
    else:
        assert mine == theirs


def test_detach_shares_numbers_and_version_and_leaves_the_graph(page):
    code = """
    const x = torch.ones(2, { requires_grad: true }), y = x.mul(3), z = y.detach(), w = y.view(2, 1);
    z.mul_(2);
    return [y.tolist(), y._version, z.requires_grad, z.is_leaf, w._version, w.tolist()];"""
    assert play(page, code) == [[6, 6], 1, False, True, 1, [[6], [6]]]


def test_a_turned_matrix_shares_numbers_too(page):
    code = """
    const x = torch.ones(2, 3), y = x.t();
    y.add_(torch.tensor([1, 2]));
    return [x.tolist(), y.tolist(), x._version, y._version];"""
    assert play(page, code) == [[[2] * 3, [3] * 3], [[2, 3]] * 3, 1, 1]


def test_gradients_add_up_in_place_and_never_share_numbers(page):
    code = """
    const a = torch.ones(2, { requires_grad: true }), b = torch.ones(2, { requires_grad: true });
    a.add(b).sum().backward();
    const first = a.grad;
    a.mul(2).sum().backward();
    return [a.grad === first, first.tolist(), b.grad.tolist()];"""
    assert play(page, code) == [True, [3, 3], [1, 1]]


def test_the_graph_can_be_walked_and_shows_what_was_freed(page):
    code = """
    const net = nn.Sequential(nn.Linear(2, 3), nn.LeakyReLU(0.2), nn.Linear(3, 1));
    const end = net.call(torch.ones(4, 2)).neg().softplus().mean(), last = end.grad_fn, softplus = last.next[0];
    const names = (node) => node && [node.name, node.next.map(names)], all = names(last);
    const [[saved, version]] = softplus.saved, before = [softplus.freed, saved.shape, version];
    end.backward();
    return [all, before, [softplus.freed, softplus.saved, last.freed]];"""
    net = nn.Sequential(nn.Linear(2, 3), nn.LeakyReLU(0.2), nn.Linear(3, 1))

    def names(node):
        return node and [node.name().split("::")[-1], [names(below) for below, _ in node.next_functions]]

    expected = names(F.softplus(-net(torch.ones(4, 2))).mean().grad_fn)
    assert play(page, code) == [expected, [False, [4, 1], 0], [True, [], True]]


def test_a_module_of_ones_own_has_its_parts_names_and_shares_its_numbers(page):
    code = """
    class Net extends nn.Module {
      constructor() {
        super();
        this.trunk = nn.Sequential(nn.Linear(2, 3), nn.LeakyReLU(0.2));
        this.head = nn.Linear(3, 1);
      }
      forward(x) {
        return this.head.call(this.trunk.call(x));
      }
    }
    const net = new Net(), other = new Net(), state = net.state_dict();
    torch.no_grad(() => net.head.bias.fill_(7));
    other.load_state_dict(state);
    const x = torch.ones(4, 2), far = torch.no_grad(() => net.call(x)), both = [far, other.call(x)];
    return [Object.keys(state), state["head.bias"].tolist(), both.map((y) => y.tolist()), far.requires_grad];"""
    names, bias, (one, other), wants = play(page, code)
    assert names == ["trunk.0.weight", "trunk.0.bias", "head.weight", "head.bias"]
    assert bias == [7] and one == other and wants is False


def test_the_fastest_kernel_that_a_browser_takes(page, no_running_loop):
    for refused, length in ((0, "GEMM_RELAXED"), (1, "GEMM"), (2, None)):
        fake = (
            f"let refused = {refused};"
            + """
        WebAssembly.compile = async (bytes) => {
          if (refused-- > 0) throw new WebAssembly.CompileError();
          return bytes.length;
        };"""
        )
        engine = context(*face.KERNEL, before=fake)
        taken = engine.eval("compileKernel().then((found) => found ?? -1)").get()
        assert taken == (-1 if length is None else engine.eval(f"readBytes({length}).length"))


# ---------------------------------------------------------------------------------- random numbers, weights, optimizers


def test_random_numbers_are_torchs_in_any_order_of_calls(page):
    draw, calls = random.Random(0), []
    for _ in range(150):
        name, n = (
            draw.choice(("randn", "randn", "rand", "uniform", "randint", "randperm")),
            draw.choice((1, 2, 3, 15, 16, 17, 40)),
        )
        calls.append([name, n, draw.choice((2, 10, 60000)), draw.uniform(0.1, 2)])
    code = """
    const g = torch.generator(7), draws = {
      randn: (n) => g.randn([n]), rand: (n) => g.rand([n]), uniform: (n, high, b) => g.uniform([n], -b, b),
      randint: (n, high) => g.randint(high, [n]), randperm: (n) => g.randperm(n) };
    return CALLS.map(([name, ...given]) => draws[name](...given)).map((found) => Array.from(found.data ?? found));"""
    g = torch.Generator().manual_seed(7)
    draws = {
        "randn": lambda n, high, b: torch.randn(n, generator=g),
        "rand": lambda n, high, b: torch.rand(n, generator=g),
        "uniform": lambda n, high, b: torch.empty(n).uniform_(-b, b, generator=g),
        "randint": lambda n, high, b: torch.randint(high, (n,), generator=g),
        "randperm": lambda n, high, b: torch.randperm(n, generator=g),
    }
    for mine, (name, *given) in zip(play(page, code.replace("CALLS", json.dumps(calls))), calls, strict=True):
        np.testing.assert_allclose(mine, draws[name](*given), rtol=0, atol=3e-6 if name == "randn" else 0)


def test_a_generators_state_can_be_put_back(page):
    code = """
    torch.manual_seed(3);
    torch.randn([3]);
    const state = torch.get_rng_state(), first = [torch.randn([2]).tolist(), torch.rand([2]).tolist()];
    torch.set_rng_state(state);
    return [first, [torch.randn([2]).tolist(), torch.rand([2]).tolist()]];"""
    first, again = play(page, code)
    assert first == again


def test_first_weights_are_torchs_bit_for_bit(page):
    code = """
    torch.manual_seed(5);
    const net = nn.Sequential(nn.Linear(100, 7), nn.LeakyReLU(0.2), nn.Linear(7, 3)), noise = torch.randn([2, 3]);
    return [Object.entries(net.state_dict()).map(([name, tensor]) => [name, tensor.tolist()]), noise.tolist()];"""
    torch.manual_seed(5)
    net = nn.Sequential(nn.Linear(100, 7), nn.LeakyReLU(0.2), nn.Linear(7, 3))
    weights, noise = play(page, code)
    assert weights == [[name, tensor.tolist()] for name, tensor in net.state_dict().items()]
    np.testing.assert_allclose(noise, torch.randn(2, 3), rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("SGD", {"lr": 0.1}),
        ("SGD", {"lr": 0.05, "momentum": 0.9}),
        ("Adam", {"lr": 0.01, "betas": [0.5, 0.999]}),
        ("Adam", {"lr": 0.01, "eps": 1e-3}),
        ("RMSprop", {"lr": 0.01, "alpha": 0.9}),
    ],
)
def test_thirty_steps_are_torchs(page, name, settings):
    code = f"""
    torch.manual_seed(1);
    const net = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 2));
    const x = torch.randn([6, 3]), y = torch.randn([6, 2]);
    const started = () => torch.optim.{name}(net.parameters(), {json.dumps(settings)});
    let optimizer = started();
    for (let step = 0; step < 30; step++) {{
      const state = optimizer.state_dict();
      if (step % 10 === 0) optimizer = started();
      optimizer.load_state_dict(state);
      optimizer.zero_grad();
      net.requires_grad_(step % 5 !== 4);
      const error = net.call(x).sub(y).square().mean();
      if (error.requires_grad) error.backward();
      optimizer.step();
    }}
    return net.parameters().map((weight) => [weight.tolist(), weight._version]);"""
    torch.manual_seed(1)
    net = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 2))
    x, y = torch.randn(6, 3), torch.randn(6, 2)
    optimizer = getattr(torch.optim, name)(net.parameters(), **settings)
    for step in range(30):
        optimizer.zero_grad()
        if step % 5 != 4:
            (net(x) - y).square().mean().backward()
        optimizer.step()
    for (mine, version), weight in zip(play(page, code), net.parameters(), strict=True):
        np.testing.assert_allclose(mine, weight.detach(), rtol=0, atol=2e-6)
        assert version == weight._version == 25


# ------------------------------------------------------------------------------------------------------ matrix products


def test_all_products_of_a_layer_are_numpys_in_every_form(page):
    sizes = [(1, 1, 1), (3, 5, 7), (4, 8, 8), (5, 9, 17), (64, 100, 12), (2, 300, 1)]
    code = """
    return SIZES.map(([m, k, n]) => {
      const a = torch.randn([m, k]), b = torch.randn([k, n]), bias = torch.randn([n]);
      const c = torch.tensor(a.t().data, [k, m]), d = torch.tensor(b.t().data, [n, k]);
      const found = [a.matmul(b), c.t().matmul(b), a.matmul(d.t()), c.t().matmul(d.t()), a.linear(d, bias)];
      return [a, b, bias, ...found].map((x) => x.tolist());
    });"""
    for form in FORMS:
        for a, b, bias, *products, layer in play(page, code.replace("SIZES", json.dumps(sizes)), form):
            expected = np.array(a) @ np.array(b)
            for product in products:
                np.testing.assert_allclose(product, expected, rtol=1e-5, atol=2e-5)
            np.testing.assert_allclose(layer, expected + bias, rtol=1e-5, atol=2e-5)
