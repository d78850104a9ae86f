"""The page's own trainings, in its scripts' own V8, against gan_lib's: the same numbers, update for update."""

import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn.functional import softplus

from gan_lib.chapters import plane
from gan_lib.data import ImageSet, to_range, toy
from gan_lib.data.images import ShuffledIndices
from gan_lib.networks.mlp import MLPDiscriminator, MLPGenerator
from gan_lib.networks.points import PointDiscriminator, PointGenerator
from gan_lib.runs import draw_fixed
from gan_lib.training import games, train
from gan_lib.training.recipe import Recipe
from gan_lib.training.state import State
from gan_lib.widgets.face import TORCH, TRAIN
from tests.page_scripts import context

PAGE = """
const wasm = new WebAssembly.Module(readBytes(GEMM)), torch = smallTorch(wasm);
const list = (values) => (ArrayBuffer.isView(values) ? Array.from(values) : values);
const map = (values, f) => values && Object.fromEntries(Object.entries(values).map(([name, v]) => [name, f(v)]));
const weightLists = (weights) => map(weights, ({ data }) => list(data));
const bytesOf = (rows, d) => ({ rows: Uint8Array.from(rows), n: rows.length / d, d });
const said = (tried) => { try { return tried(); } catch (error) { return error.message; } };
let state, tasks;

/* A state, of so many of the points, or of pictures. */
function begin(changes, points, rows) {
  const recipe = { ...RECIPE, ...changes };
  state = pageState(torch, recipe, rows ? bytesOf(rows, 784) : toySet(torch, recipe.data, undefined, points));
  return true;
}

/* What a worker would have. */
function open(changes, rows) {
  tasks = trainerTasks({ recipe: { ...RECIPE, ...changes }, data: rows && bytesOf(rows, 784), wasm });
  return true;
}

function run(updates) {
  return Array.from({ length: updates }, () => {
    fullUpdate(state);
    const { d_loss, g_loss, d_real, d_fake } = state.last;
    return [state.step, d_loss, g_loss, d_real, d_fake];
  });
}

const weightsNow = () => map(weightsOf(state), weightLists);
const setOf = (name, n, seed) => map(toySet(torch, name, undefined, n, seed), list);
const floats = (values) => values && Float32Array.from(values);
const paintedRows = (points, n) => said(() => list(toySet(torch, "painted", floats(points), n).rows));
const counted = (points, name) => strictModes(floats(points), toySet(torch, name));
const evenlyCounted = (name, n) => { const set = toySet(torch, name); return strictModes(set.even(n).flat(), set); };
const look = (asked) => map(lookAtPoints(state, asked), (v) => (v?.points ? map(v, list) : list(v)));
"""


@pytest.fixture(scope="module")
def page():
    """V8 with the scripts of the small torch and of the training."""
    engine = context(*TORCH, *TRAIN)
    engine.eval(PAGE)
    return engine


# ------------------------------------------------------------------------------- a page's recipe in gan_lib's words

SMALL = {"generator": {"hidden": 2, "width": 16}, "discriminator": {"hidden": 2, "width": 24}, "batch_size": 32}
GAMES = {
    "minimax": games.MINIMAX,
    "non-saturating": games.NON_SATURATING,
    "smoothed": games.smoothed(0.1),
    "hinge": games.HINGE,
    "least-squares": games.LEAST_SQUARES,
    "wasserstein": games.UNBOUNDED,
    "wgan": games.wgan(0.1),
    "wgan-gp": games.wgan_gp(2.0),
    "r1": games.r1(2.0),
    "r1-r2": games.r1_r2(2.0),
    "relativistic": games.relativistic(2.0),
    "cgan": games.CGAN,
    "acgan": games.weighted_acgan(2.0),
}
OPTIMIZERS = {"adam": torch.optim.Adam, "rmsprop": torch.optim.RMSprop, "sgd": torch.optim.SGD}
DEFAULTS = {
    "lr_g": 1e-3,
    "lr_d": 1e-3,
    "beta1": 0.5,
    "beta2": 0.999,
    "ema": None,
    "latent_dim": 3,
    "d_steps": 1,
    "seed": 7,
    "optimizer": "adam",
    "uniform": False,
}


def pages(game: str, **changes) -> dict:
    """A recipe as the page has it, with small networks."""
    named = {"game": "non-saturating", "smoothing": 0.1} if game == "smoothed" else {"game": game}
    return DEFAULTS | SMALL | {"data": "ring8", "weight": 2.0} | named | changes


def ours(page: dict, game: games.Game, classes: int = 0) -> Recipe:
    """The same recipe in gan_lib."""
    told = {"classes": classes} if classes else {}
    auxiliary = {"auxiliary": True} if "acgan" in game.name else {}
    adam = page["optimizer"] == "adam"
    return Recipe(
        "page",
        "as in the page",
        generator=PointGenerator,
        discriminator=PointDiscriminator,
        generator_args=page["generator"] | told | {key: page[key] for key in ("latent_dim", "uniform")},
        discriminator_args=page["discriminator"] | told | auxiliary,
        optimizer=OPTIMIZERS[page["optimizer"]],
        betas=(page["beta1"], page["beta2"]) if adam else None,
        game=game,
        log_every=1,
        **{key: page[key] for key in ("lr_g", "lr_d", "batch_size", "d_steps", "ema", "seed")},
    )


def as_lists(network: torch.nn.Module) -> dict[str, list[float]]:
    return {name: value.flatten().tolist() for name, value in network.state_dict().items()}


def apart(mine: dict, theirs: dict) -> float:
    """‖a − b‖ / ‖b‖ over all weights."""
    assert list(mine) == list(theirs)
    one, other = (np.concatenate([np.asarray(v) for v in each.values()]) for each in (mine, theirs))
    return np.linalg.norm(one - other) / np.linalg.norm(other)


# ---------------------------------------------------------------------------------------- the start, to the bit


def test_first_weights_order_and_noise_are_torchs(page):
    recipe = pages("non-saturating", uniform=True, ema=0.9)
    state = State(ours(recipe, games.NON_SATURATING), 100)
    page.call("begin", recipe, 100)
    found = page.execute("weightsNow()")
    assert found["generator"] == found["average"] == as_lists(state.generator)
    assert found["discriminator"] == as_lists(state.discriminator)
    for _ in range(5):  # more than an epoch
        rows, z = page.execute("[list(state.rows.next(32)), list(state.rng.randn([32, 3]).data)]")
        assert rows == next(state.rows).tolist()
        np.testing.assert_allclose(z, torch.randn(32, 3, generator=state.rng).flatten(), atol=2e-6)


@pytest.mark.parametrize("layers", [1, 2, 4])
def test_networks_of_any_depth_start_alike(page, layers):
    recipe = pages("hinge", generator={"hidden": layers, "width": 5}, discriminator={"hidden": 5 - layers, "width": 4})
    generator, discriminator = ours(recipe, games.HINGE).build()
    page.call("begin", recipe, 64)
    found = page.execute("weightsNow()")
    assert (found["generator"], found["discriminator"]) == (as_lists(generator), as_lists(discriminator))
    assert found["average"] is None


SETS = {
    "line": (toy.line, {}),
    "two": (toy.two, {}),
    "ring8": (toy.ring, {"modes": 8}),
    "grid25": (toy.grid, {"side": 5}),
    "circle": (toy.circle, {}),
    "moons": (toy.moons, {}),
}


@pytest.mark.parametrize("name", SETS)
def test_the_sets_of_points_are_toys(page, name):
    make, options = SETS[name]
    for n, seed in ((500, 0), (37, 5)):
        data = make(n, seed=seed, **options)
        found = page.call("setOf", name, n, seed)
        np.testing.assert_allclose(np.reshape(found["rows"], (n, 2)), data.pixels, atol=1e-6)
        assert found["labels"] == data.labels.tolist() and found["classes"] == len(data.classes)


def test_what_somebody_painted_becomes_a_small_cloud_around_each_point(page):
    points = [[-1.0, 0.25], [0.5, 0.5], [0.75, -0.99]]
    rows = page.call("paintedRows", np.ravel(points).tolist(), 200)
    np.testing.assert_allclose(np.reshape(rows, (200, 2)), toy.clouds(200, torch.tensor(points)).pixels, atol=1e-6)
    for nothing in (None, []):
        assert page.call("paintedRows", nothing, 200) == "nothing is painted yet; paint some points first"


def test_each_set_is_made_by_the_line_that_stands_beside_its_name(page):
    for name, line in page.execute("Object.entries(TOY_SETS).map(([name, { python }]) => [name, python])"):
        data = eval(line, {"toy": toy})
        np.testing.assert_allclose(np.reshape(page.call("setOf", name)["rows"], (8192, 2)), data.pixels, atol=1e-6)


# ------------------------------------------------------------------------------------------------ update for update

CASES = {
    "minimax": {},
    "non-saturating": {"ema": 0.9, "seed": 3},
    "smoothed": {"uniform": True, "latent_dim": 1},
    "hinge": {"optimizer": "sgd", "lr_g": 0.02, "lr_d": 0.05, "data": "moons"},
    "least-squares": {"optimizer": "rmsprop", "ema": 0.995, "data": "grid25"},
    "wasserstein": {"generator": {"hidden": 1, "width": 20}, "discriminator": {"hidden": 3, "width": 12}},
    "wgan": {"optimizer": "rmsprop", "lr_g": 5e-4, "lr_d": 5e-4, "d_steps": 3},
    "wgan-gp": {"beta1": 0.0, "beta2": 0.9, "d_steps": 2, "ema": 0.99},
    "r1": {"latent_dim": 8, "d_steps": 2},
    "r1-r2": {"ema": 0.99},
    "relativistic": {"beta1": 0.0, "beta2": 0.99, "data": "grid25"},
    "cgan": {"data": "two"},
    "acgan": {"data": "two", "d_steps": 2},
}
UPDATES = 100


@pytest.mark.parametrize("name", CASES)
def test_every_game_is_gan_libs_for_a_hundred_updates(page, name):
    recipe, game = pages(name, **CASES[name]), GAMES[name]
    make, options = SETS[recipe["data"]]
    data = make(512, **options)
    state = State(ours(recipe, game, len(data.classes) if game.conditional else 0), 512)
    before = as_lists(state.generator), as_lists(state.discriminator)
    history = train(state, data, steps=UPDATES, show_progress=False)
    page.call("begin", recipe, 512)
    lines = page.call("run", UPDATES)
    np.testing.assert_allclose(lines, history, atol=1e-3, rtol=0)
    found = page.execute("weightsNow()")
    for mine, theirs, first in (
        (found["generator"], state.generator, before[0]),
        (found["discriminator"], state.discriminator, before[1]),
    ):
        assert apart(mine, as_lists(theirs)) < 1e-2
        assert apart(first, as_lists(theirs)) > 2e-2  # they have moved
    if state.average is not None:
        assert apart(found["average"], as_lists(state.average)) < 1e-2 < apart(before[0], as_lists(state.average))


def random_pictures(n: int = 96) -> torch.Tensor:
    return torch.randint(256, (n, 1, 28, 28), generator=torch.Generator().manual_seed(1)).to(torch.uint8)


MLPS = {
    "networks": "pictures",
    "latent_dim": 100,
    "generator": {"width": 20},
    "discriminator": {"width": 24},
    "lr_g": 2e-4,
    "lr_d": 2e-4,
}


def begun(page, recipe: dict, pixels: torch.Tensor) -> None:
    page.call("begin", recipe, None, pixels.flatten().tolist())


def test_chapter_3s_networks_learn_pictures_as_gan_libs_do(page):
    recipe, pixels = pages("non-saturating", **MLPS, ema=0.8), random_pictures()
    shared = replace(
        ours(recipe | {"generator": {}, "discriminator": {}}, games.NON_SATURATING),
        generator=MLPGenerator,
        discriminator=MLPDiscriminator,
        generator_args={"latent_dim": 100, "hidden": 20},
        discriminator_args={"hidden": 24},
    )
    state = State(shared, len(pixels))
    history = train(state, ImageSet("noise", pixels), steps=20, show_progress=False)
    begun(page, recipe, pixels)
    np.testing.assert_allclose(page.call("run", 20), history, atol=1e-4, rtol=0)
    found = page.execute("weightsNow()")
    for name in ("generator", "discriminator", "average"):
        assert apart(found[name], as_lists(getattr(state, name))) < 1e-4
    grey = page.execute("list(lookAtPictures(state, {}).grey)")
    assert np.abs(np.reshape(grey, (64, 1, 28, 28)) - draw_fixed(state.average).int().numpy()).max() <= 1


# --------------------------------------------------------------------------------------------------------- broken

BROKEN = {
    "right": {},
    "g_detached": {"g_detached": True},
    "d_frozen": {"d_frozen": True},
    "g_frozen": {"g_frozen": True},
    "no_zero_grad": {"no_zero_grad": True},
    "sigmoid_twice": {"sigmoid_twice": True},
    "batch": {"batch": 64},
    "rates": {"rates": 10},
    "zero_to_one": {"zero_to_one": True},
    "labels_swapped": {"labels_swapped": True},
}


def chapter_3(recipe, pixels, updates, broken):
    """Chapter 3's loop with one mistake, as plainly as possible: losses, G and D, and what each of its figures says."""
    torch.manual_seed(recipe["seed"])
    generator, discriminator = MLPGenerator(100, 20), MLPDiscriminator(hidden=24)
    rate, batch = 2e-4 * broken.get("rates", 1), broken.get("batch", 32)
    g_adam = torch.optim.Adam(generator.parameters(), lr=rate, betas=(0.5, 0.999))
    d_adam = torch.optim.Adam(discriminator.parameters(), lr=rate, betas=(0.5, 0.999))
    rng = torch.Generator().manual_seed(recipe["seed"])
    rows, lines = ShuffledIndices(len(pixels), batch, rng), []

    def d(x):
        return discriminator(x).sigmoid() if "sigmoid_twice" in broken else discriminator(x)

    for step in range(1, updates + 1):
        bytes_ = pixels[next(rows)]
        real = bytes_ / 255 if "zero_to_one" in broken else to_range(bytes_)
        fake = generator(torch.randn(batch, 100, generator=rng))
        on_real, on_fake = d(real), d(fake if "d_attached" in broken else fake.detach())
        sign = -1 if "labels_swapped" in broken else 1
        d_loss = softplus(-sign * on_real).mean() + softplus(sign * on_fake).mean()
        if "no_zero_grad" not in broken:
            d_adam.zero_grad()
        d_loss.backward()
        if "d_frozen" not in broken:
            d_adam.step()
        g_loss = softplus(-d(fake.detach() if "g_detached" in broken else fake)).mean()
        if "no_zero_grad" not in broken:
            g_adam.zero_grad()
        g_loss.backward()
        if "g_frozen" not in broken:
            g_adam.step()
        shown = on_real.sigmoid().mean(), on_fake.sigmoid().mean()
        lines.append([step, d_loss.item(), g_loss.item(), *(value.item() for value in shown)])
    return lines, generator, discriminator


@pytest.mark.parametrize("mistake", BROKEN)
def test_a_broken_switch_does_what_the_same_code_does_in_torch(page, mistake):
    pixels, broken = random_pictures(), BROKEN[mistake]
    recipe = pages("non-saturating", **MLPS, broken=broken)
    lines, generator, discriminator = chapter_3(recipe, pixels, 15, broken)
    begun(page, recipe, pixels)
    np.testing.assert_allclose(page.call("run", 15), lines, atol=1e-4, rtol=0)
    found = page.execute("weightsNow()")
    assert apart(found["generator"], as_lists(generator)) < 1e-4
    assert apart(found["discriminator"], as_lists(discriminator)) < 1e-4
    if mistake != "right":  # and this is something else than the right loop
        pairs = zip((generator, discriminator), chapter_3(recipe, pixels, 15, {})[1:], strict=True)
        assert max(apart(as_lists(wrong), as_lists(right)) for wrong, right in pairs) > 1e-3


def test_without_detach_in_ds_step_torch_and_the_page_raise_the_same(page):
    pixels, broken = random_pictures(), {"d_attached": True}
    recipe = pages("non-saturating", **MLPS, broken=broken)
    with pytest.raises(RuntimeError, match="Trying to backward through the graph a second time"):
        chapter_3(recipe, pixels, 1, broken)
    page.call("open", recipe, pixels.flatten().tolist())
    found = page.execute("tasks.train({ updates: 3 })")
    assert found["raised"].startswith("RuntimeError: Trying to backward through the graph a second time")
    assert (found["step"], found["ended"], found["d_loss"]) == (0, True, None)


# ---------------------------------------------------------------------------------------------------- what is seen


@pytest.mark.parametrize("name", ["non-saturating", "relativistic"])  # each sample has a real partner in the second
def test_what_is_seen_of_the_plane_is_what_gan_lib_sees(page, name):
    recipe, game = pages(name, ema=0.9), GAMES[name]
    state, data = State(ours(recipe, game), 512), toy.ring(512)
    train(state, data, steps=30, show_progress=False)
    page.call("begin", recipe, 512)
    page.call("run", 30)
    seen = page.call("look", {"samples": 256, "real": 9, "field": 40, "arrows": 5, "fold": 7, "w1": True})
    z = torch.randn(256, 3, generator=torch.Generator().manual_seed(plane.POINTS_SEED))
    samples = state.average(z).detach()
    np.testing.assert_allclose(np.reshape(seen["samples"], (256, 2)), samples, atol=1e-5)
    np.testing.assert_allclose(np.reshape(seen["real"], (9, 2)), data.pixels[:9], atol=1e-6)
    field = state.discriminator(plane.grid()).detach()[:, 0]
    field = field.sigmoid() if game.has_probability else field
    np.testing.assert_allclose(seen["field"], field, atol=1e-4)
    x = samples[:5].requires_grad_()
    (slopes,) = torch.autograd.grad(5 * game.g_loss(state.discriminator, games.Batch(data.pixels[:5], x)), x)
    arrows = torch.cat([x.detach(), -slopes], dim=1)
    np.testing.assert_allclose(np.reshape(seen["arrows"], (5, 4)), arrows, atol=1e-4)
    along = torch.linspace(-2, 2, 7)
    y, x = torch.meshgrid(along, along, indexing="ij")
    folded = state.average(torch.stack([x.flatten(), y.flatten(), torch.zeros(49)], dim=1)).detach()
    np.testing.assert_allclose(np.reshape(seen["fold"]["points"], (49, 2)), folded, atol=1e-5)
    assert (seen["fold"]["side"], seen["fold"]["dims"]) == (7, 2)
    assert seen["w1"] == pytest.approx(sliced(samples, data.pixels[:256]), abs=1e-5)
    assert page.execute("state.discriminator.parameters().every((weight) => weight.requires_grad)")


def sliced(a, b, directions=16):
    """W₁ of the two shadows on lines in many directions, each the area between two distribution functions."""
    found = []
    for k in range(directions):
        line = torch.tensor([np.cos(np.pi * k / directions), np.sin(np.pi * k / directions)], dtype=torch.float64)
        one, other = (points.double() @ line for points in (a, b))
        steps = torch.cat([one, other]).sort().values
        share = [(each[None] <= steps[:-1, None]).double().mean(1) for each in (one, other)]
        found.append(((share[0] - share[1]).abs() * steps.diff()).sum().item())
    return np.mean(found)


def test_a_uniform_z_is_folded_from_edge_to_edge(page):
    recipe = pages("hinge", uniform=True, latent_dim=1)
    generator = ours(recipe, games.HINGE).build()[0]
    page.call("begin", recipe, 64)
    points = page.call("look", {"samples": 2, "fold": 5})["fold"]["points"]
    expected = generator.model(torch.linspace(-1, 1, 5)[:, None]).detach()
    np.testing.assert_allclose(np.reshape(points, (5, 2)), expected, atol=1e-5)


@pytest.mark.parametrize(("name", "centres"), [("ring8", toy.ring_centres(8)), ("grid25", toy.grid_centres(5))])
def test_clouds_are_counted_as_toy_counts_them_and_an_even_spread_finds_none(page, name, centres):
    rng = torch.Generator().manual_seed(3)
    picked = centres[torch.randint(len(centres), (700,), generator=rng) % (len(centres) - 1)]
    points = torch.cat([picked + 0.05 * torch.randn(700, 2, generator=rng), 2 * torch.rand(300, 2, generator=rng) - 1])
    found, near = toy.modes_covered(points, centres)
    counted = page.call("counted", points.flatten().tolist(), name)
    assert counted == {"found": found, "of": len(centres), "near": pytest.approx(near)}
    assert 0 < found < len(centres)
    even = page.call("evenlyCounted", name, 1000)
    assert even["found"] == 0 < even["near"] < 0.25
    real = page.call("counted", page.call("setOf", name)["rows"][:4000], name)
    assert real["found"] == len(centres)


# ----------------------------------------------------------------------------------------------------- the trainer


def test_two_halves_are_an_update_and_say_what_they_read_and_change(page):
    recipe = pages("non-saturating")
    page.call("open", recipe)
    whole = page.execute("tasks.train({ updates: 3 })")
    page.call("open", recipe)
    page.execute("tasks.train({ updates: 2 })")
    d, g = page.execute("[tasks.half(), tasks.half()]")
    assert (d["turn"], d["step"], d["changes"], d["gradient"]) == ("D", 2, ["D"], ["D"])
    assert (g["turn"], g["step"], g["changes"], g["gradient"]) == ("G", 3, ["G"], ["D", "G"])
    assert "data" in d["reads"] and "data" not in g["reads"]
    for key in ("step", "d_loss", "g_loss", "d_real", "d_fake"):
        assert g[key] == whole[key]
    page.execute("tasks.half()")
    assert page.execute("tasks.train({ updates: 1 })")["step"] == 4  # it ends the begun update


def test_a_snapshot_goes_on_with_the_same_numbers(page):
    page.call("open", pages("wgan-gp", d_steps=2, ema=0.9))
    page.eval("var kept = (tasks.train({ updates: 5 }), tasks.snapshot())")
    first = page.execute("[tasks.train({ updates: 9 }), weightLists(tasks.weights().average)]")
    assert page.execute("tasks.restore(kept)") == {"step": 5}
    again = page.execute("[tasks.train({ updates: 9 }), weightLists(tasks.weights().average)]")
    assert first[1] == again[1] and first[0]["d_loss"] == again[0]["d_loss"] and again[0]["step"] == 14


def test_rates_that_explode_end_in_a_sentence_with_the_good_weights_back(page):
    page.call("open", pages("wasserstein", optimizer="sgd", lr_d=0.5, lr_g=0.5))
    page.eval("var first = JSON.stringify(weightLists(tasks.weights().generator))")
    found = page.execute("tasks.train({ updates: 5000 })")
    assert found["ended"] and found["step"] == 0
    assert re.fullmatch(r"After \d+ updates .*; these are the weights of update 0 again", found["diverged"])
    assert page.execute("first === JSON.stringify(weightLists(tasks.weights().generator))")
    page.execute("tasks.change({ lr_g: 1e-4, lr_d: 1e-4 })")
    assert page.execute("tasks.train({ updates: 50 })")["step"] == 50


def test_settings_change_while_it_trains(page):
    recipe = pages("non-saturating")
    page.call("open", recipe)
    page.execute("tasks.train({ updates: 2 })")
    page.execute('tasks.change({ game: "hinge", lr_g: 0, broken: { d_frozen: true } })')
    page.eval("var before = tasks.weights(); tasks.train({ updates: 3 })")
    assert page.execute("JSON.stringify(before.generator) === JSON.stringify(tasks.weights().generator)")
    assert page.execute("JSON.stringify(before.discriminator) === JSON.stringify(tasks.weights().discriminator)")


@pytest.mark.parametrize(
    ("recipe", "said"),
    [
        ({"game": "poker"}, "there is no “poker”; choose one of minimax,"),
        ({"data": "square"}, "there is no “square”; choose one of line,"),
        ({"batch_size": 9000}, "a batch of 9000 is not possible with 8192 in the data; choose 1…8192"),
    ],
)
def test_what_cannot_be_trained_is_said(page, recipe, said):
    assert page.execute(f"said(() => open({recipe}))").startswith(said)


def test_each_story_of_the_plane_can_be_trained(page):
    stories = page.execute("PRESETS.flatMap(({ recipe, beside }) => (beside ? [recipe, beside] : [recipe]))")
    known = set(page.execute("Object.keys(RECIPE)"))
    assert len(stories) >= 5
    for recipe in stories:
        assert set(recipe) <= known
        page.call("open", recipe)
        found = page.execute("tasks.train({ updates: 2 })")
        assert found["step"] == 2 and "ended" not in found


def test_where_no_worker_is_allowed_the_page_itself_trains(no_running_loop):
    engine = context(*TORCH, *TRAIN, before="globalThis.setTimeout = (f) => { Promise.resolve().then(f); };\n")
    engine.eval("var got = openTrainer({ recipe: { batch_size: 8, generator: { hidden: 1, width: 4 } } })")
    found = engine.eval(
        "got.then(async ({ inPage, wasm, ask }) => JSON.stringify([inPage, wasm, (await ask('train')).step,"
        " (await ask('look')).samples.length, (await ask('half')).turn]))"
    ).get(timeout=20)
    assert found == '[true,true,1,2000,"D"]'
    refused = engine.eval("openTrainer({ recipe: { game: 'poker' } }).catch((error) => error.message)").get(timeout=20)
    assert refused.startswith("there is no “poker”; choose")


def test_the_workers_program_is_whole(page):
    """Every function of the training that is not the page's own side is in it."""
    names = page.execute("TRAINER.map(({ name }) => name)")
    assert len(set(names)) == len(names)
    engine = context("random.js")  # an engine that knows nothing of the rest, as a worker
    program = page.execute("`(() => {\\n${TRAINER.map(String).join('\\n')}\\nreturn trainerTasks; })()`")
    engine.eval("var made = (" + program + ")")
