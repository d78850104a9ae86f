"""The networks: sizes and shapes, and what they compute, against matrices and the notes' own classes."""

from functools import partial

import pytest
import torch
from torch import nn

from gan_lib.errors import BadInput
from gan_lib.networks import at_least_float32, check_labels, evaluating, normal_weights
from gan_lib.networks.ablated import AblatedDiscriminator, AblatedGenerator
from gan_lib.networks.any_side import AnySideDiscriminator, AnySideGenerator
from gan_lib.networks.classifier import SmallClassifier
from gan_lib.networks.conditional import ACGANDiscriminator, ACGANGenerator, CGANDiscriminator, CGANGenerator
from gan_lib.networks.dcgan import DCGANDiscriminator, DCGANGenerator, LargeDCGANGenerator
from gan_lib.networks.mlp import MLPDiscriminator, MLPGenerator
from gan_lib.networks.residual import ResidualDiscriminator, ResidualGenerator
from gan_lib.networks.self_taught import SelfTaught
from gan_lib.training import games
from gan_lib.training.games import Batch
from gan_lib.widgets.export import export

BATCH, Z, CLASSES = 4, 5, 3
SMALL_G = {
    "mlp": partial(MLPGenerator, Z, 6, (3, 4, 2)),
    "dcgan": partial(DCGANGenerator, Z, 4, 3),
    "dcgan without batch norm": partial(DCGANGenerator, Z, 4, batch_norm=False),
    "any side": partial(AnySideGenerator, Z, 32, 2),
    "any side with labels": partial(AnySideGenerator, Z, 32, 2, 1, CLASSES),
    "any side with a layer of the full side": partial(AnySideGenerator, Z, 32, 2, full_side=3),
    "residual": partial(ResidualGenerator, Z, 32, 2, 3),
    "residual with labels": partial(ResidualGenerator, Z, 32, 2, 1, CLASSES),
    "cgan": partial(CGANGenerator, Z, CLASSES, (3, 4, 2), 4),
    "acgan": partial(ACGANGenerator, Z, CLASSES, 4, 3),
}
WITH_LABELS = ("cgan", "acgan", "any side with labels", "residual with labels")
SMALL_D = {
    "mlp": partial(MLPDiscriminator, (3, 4, 2), 6),
    "dcgan": partial(DCGANDiscriminator, 4, 3),
    "dcgan without batch norm": partial(DCGANDiscriminator, 4, batch_norm=False),
    "cgan": partial(CGANDiscriminator, (3, 4, 2), CLASSES, 4),
    "acgan": partial(ACGANDiscriminator, CLASSES, 4, 3),
    "any side": partial(AnySideDiscriminator, 32, 2),
    "any side without batch norm": partial(AnySideDiscriminator, 32, 2, batch_norm=False),
    "any side with a layer of the full side": partial(AnySideDiscriminator, 32, 2, full_side=3),
    "residual": partial(ResidualDiscriminator, 32, 2, 3),
    "residual with projection": partial(ResidualDiscriminator, 32, 2, 1, CLASSES, 1),
    "any side with projection": partial(AnySideDiscriminator, 32, 2, 1, CLASSES),
    "any side with two heads": partial(AnySideDiscriminator, 32, 2, 1, CLASSES, auxiliary=True),
}


@pytest.fixture(autouse=True)
def the_same_numbers_every_time():
    torch.manual_seed(0)


def parameters(network):
    return sum(p.numel() for p in network.parameters())


def leaves(network):
    return [layer for layer in network.modules() if not list(layer.children())]


def layers(network):
    """Type and settings of each layer, in order, without whether it works in place."""
    return [repr(layer).replace(", inplace=True", "").replace("(inplace=True)", "()") for layer in leaves(network)]


def copied(network, original):
    """The network with the weights, and BatchNorm's statistics, of another of the same layers."""
    named, values = network.state_dict(), original.state_dict().values()
    network.load_state_dict(dict(zip(named, values, strict=True)))
    return network


def affine(layer, x):
    """W x + b, in float64, one row of x after the other."""
    weight, bias = layer.weight.detach().double().flatten(1), layer.bias.detach().double()
    return torch.stack([(weight * row).sum(1) + bias for row in x])


def leaky(x):
    return torch.where(x > 0, x, 0.2 * x)


def some_labels(n=BATCH, classes=CLASSES):
    return torch.arange(1, n + 1) % classes


def g_inputs(generator, scale=1.0):
    z = scale * torch.randn(BATCH, generator.latent_dim)
    return (z, some_labels(classes=generator.classes)) if generator.classes else (z,)


def d_inputs(discriminator):
    x = torch.rand(BATCH, *discriminator.image_shape) * 2 - 1
    is_told = isinstance(discriminator, CGANDiscriminator) or getattr(discriminator, "told", None) is not None
    return (x, some_labels()) if is_told else (x,)


def logits(output):
    return output[0] if isinstance(output, tuple) else output


# ------------------------------------------------------------------------------------- numbers of weights


@pytest.mark.parametrize(
    ("network", "number"),
    [
        (MLPGenerator, 114_064),
        (MLPDiscriminator, 100_609),
        (SmallClassifier, 421_642),
        (SelfTaught, 188_234),
        (AnySideGenerator, 3_576_704),
        (AnySideDiscriminator, 2_765_633),
        (DCGANGenerator, 3_444_353),
        (DCGANDiscriminator, 661_697),
        (CGANGenerator, 1_489_012),
        (CGANDiscriminator, 1_470_565),
        (ACGANGenerator, 3_526_273),
        (ACGANDiscriminator, 702_667),
    ],
)
def test_the_networks_have_the_number_of_parameters_the_book_says(network, number):
    with torch.device("meta"):
        assert parameters(network()) == number


LARGE = [  # channels, side and weights of the notes' table, layer by layer
    (1024, 4, 1_638_400),
    (1024, 4, 2_048),
    (1024, 4, 0),
    (512, 8, 8_388_608),
    (512, 8, 1_024),
    (512, 8, 0),
    (256, 16, 2_097_152),
    (256, 16, 512),
    (256, 16, 0),
    (128, 32, 524_288),
    (128, 32, 256),
    (128, 32, 0),
    (64, 64, 131_072),
    (64, 64, 128),
    (64, 64, 0),
    (32, 128, 32_768),
    (32, 128, 64),
    (32, 128, 0),
    (3, 256, 1_536),
]


def seen_by_each_layer(network, *inputs):
    seen = []
    for layer in leaves(network):
        layer.register_forward_hook(lambda layer, _, y: seen.append((*y.shape[1:], parameters(layer))))
    network(*inputs)
    return seen


def test_the_large_generator_is_the_table_of_the_notes():
    with torch.device("meta"):  # shapes without the arithmetic
        generator = LargeDCGANGenerator()
        seen = seen_by_each_layer(generator, torch.randn(2, 100))
    table = [(channels, side, side, weights) for channels, side, weights in LARGE]
    assert seen == [*table, (3, 256, 256, 0)]
    assert isinstance(leaves(generator)[-1], nn.Tanh)
    assert parameters(generator) == 12_817_856 == sum(weights for _, _, weights in LARGE)


# ------------------------------------------------------------------------------------------ any side


SHAPES = {  # of the hidden layers, from the picture inwards
    (32, 4): [(4, 16), (8, 8), (16, 4)],
    (64, 3): [(3, 32), (6, 16), (12, 8), (24, 4)],
    (128, 2): [(2, 64), (4, 32), (8, 16), (16, 8), (32, 4)],
    (256, 64): [(64, 128), (128, 64), (256, 32), (512, 16), (1024, 8), (1024, 4)],
}


@pytest.mark.parametrize(("side", "features"), SHAPES)
def test_a_generator_and_a_discriminator_of_any_side_have_the_same_widths(side, features):
    with torch.device("meta"):
        generator, discriminator = AnySideGenerator(Z, side, features, 2), AnySideDiscriminator(side, features, 2)
        drawn = [shape for *shape, _ in seen_by_each_layer(generator, torch.randn(BATCH, Z))]
        judged = [shape for *shape, _ in seen_by_each_layer(discriminator, torch.randn(BATCH, 2, side, side))]
    hidden = [[channels, n, n] for channels, n in SHAPES[side, features]]
    each = [drawn[i] for i, layer in enumerate(leaves(generator)) if isinstance(layer, nn.ConvTranspose2d)]
    assert each == [*hidden[::-1], [2, side, side]] and generator.image_shape == (2, side, side)
    each = [judged[i] for i, layer in enumerate(leaves(discriminator)) if isinstance(layer, nn.Conv2d)]
    assert each == [*hidden, [1, 1, 1]] and discriminator.image_shape == (2, side, side)


def test_more_features_than_the_widest_layer_may_have_stay_as_they_are():
    with torch.device("meta"):
        norms = [
            layer.num_features for layer in leaves(AnySideGenerator(Z, 32, 2000)) if hasattr(layer, "num_features")
        ]
    assert norms == [2000, 2000, 2000]


@pytest.mark.parametrize("side", [48, 16, 512, 64.5, "64", None, True])
@pytest.mark.parametrize("network", [AnySideGenerator, AnySideDiscriminator])
def test_a_side_that_the_family_does_not_have_is_refused(network, side):
    with pytest.raises(BadInput, match=r"each layer doubles it from 4 on; choose one of: 32, 64, 128, 256\.$"):
        network(side=side)


def test_each_bias_stands_where_no_batch_norm_takes_it_away():
    for network in (
        AnySideGenerator(Z, 64, 2),
        AnySideDiscriminator(64, 2),
        AnySideDiscriminator(64, 2, batch_norm=False),
    ):
        pairs = list(zip(leaves(network), [*leaves(network)[1:], None], strict=True))
        found = [
            (layer.bias is None) == isinstance(after, nn.BatchNorm2d) for layer, after in pairs if "Conv" in repr(layer)
        ]
        assert all(found[:-1]) and len(found) == 5  # but the generator's last, which has none as the notes have it


def test_the_projection_adds_how_well_the_picture_fits_its_label():
    d = AnySideDiscriminator(32, 2, 1, CLASSES).eval()
    x, labels = torch.randn(BATCH, 1, 32, 32), some_labels()
    h = d.trunk(x).detach().double()  # (B, 8, 4, 4)
    with torch.no_grad():
        plain = affine(d.head, h.flatten(1))  # (B, 1)
        for i in range(BATCH):
            pooled = [sum(h[i, c, y, z] for y in range(4) for z in range(4)) / 16 for c in range(8)]
            plain[i] += sum(w * p for w, p in zip(d.told.weight[labels[i]].double(), pooled, strict=True))
        torch.testing.assert_close(d(x, labels).double(), plain, rtol=1e-4, atol=1e-6)


def test_the_label_changes_what_the_projection_says_and_is_needed():
    d, x = AnySideDiscriminator(32, 2, 1, CLASSES).eval(), torch.randn(1, 1, 32, 32)
    said = d(x.expand(CLASSES, -1, -1, -1), torch.arange(CLASSES))
    assert len(set(said.flatten().tolist())) == CLASSES
    with pytest.raises(BadInput, match="no labels were given"):
        d(x)
    with pytest.raises(BadInput, match="classes is 0; choose a whole number, 1 or more"):
        AnySideDiscriminator(32, 2, auxiliary=True)


@pytest.mark.parametrize("name", ["any side", "any side with labels"])
def test_a_page_can_run_a_generator_of_any_side(name):
    generator = SMALL_G[name]().eval()
    spec = export(generator).spec
    assert spec["shape"] == list(generator.image_shape) and len(spec["labels"] or []) == generator.classes


# ------------------------------------------------------------------------------------- the notes' networks


def notes_dcgan_discriminator(features=64):
    """As the notes have it, without the sigmoid."""
    return nn.Sequential(
        nn.Conv2d(1, features, 4, 2, 1),
        nn.LeakyReLU(0.2, inplace=True),
        nn.Conv2d(features, features * 2, 4, 2, 1),
        nn.BatchNorm2d(features * 2),
        nn.LeakyReLU(0.2, inplace=True),
        nn.Conv2d(features * 2, features * 4, 4, 2, 1),
        nn.BatchNorm2d(features * 4),
        nn.LeakyReLU(0.2, inplace=True),
        nn.Conv2d(features * 4, 1, kernel_size=4, stride=2, padding=0),
    )


def notes_dcgan_generator(latent_dim=100, features=64):
    return nn.Sequential(
        nn.ConvTranspose2d(latent_dim, features * 8, 4, 1, 0),
        nn.ReLU(True),
        nn.ConvTranspose2d(features * 8, features * 4, kernel_size=4, stride=2, padding=1),
        nn.BatchNorm2d(features * 4),
        nn.ReLU(),
        nn.ConvTranspose2d(features * 4, features * 2, kernel_size=4, stride=2, padding=1),
        nn.BatchNorm2d(features * 2),
        nn.ReLU(),
        nn.ConvTranspose2d(features * 2, 1, kernel_size=4, stride=2, padding=1),
        nn.Tanh(),
    )


class NotesCGANGenerator(nn.Module):
    def __init__(self):
        super().__init__()
        self.label_emb = nn.Embedding(10, 10)
        self.model = nn.Sequential(
            nn.Linear(100 + 10, 256),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Linear(256, 512),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Linear(512, 1024),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Linear(1024, 784),
            nn.Tanh(),
        )

    def forward(self, noise, context):
        return self.model(torch.cat([noise.view(-1, 100), self.label_emb(context)], 1))


class NotesCGANDiscriminator(nn.Module):
    """As the notes have it, without the sigmoid."""

    def __init__(self):
        super().__init__()
        self.label_emb = nn.Embedding(10, 10)
        self.model = nn.Sequential(
            nn.Linear(784 + 10, 1024),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Dropout(0.3),
            nn.Linear(1024, 512),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Dropout(0.3),
            nn.Linear(512, 256),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Dropout(0.3),
            nn.Linear(256, 1),
        )

    def forward(self, img, context):
        return self.model(torch.cat((img.view(-1, 784), self.label_emb(context)), dim=1))


@pytest.mark.parametrize(
    ("ours", "notes"),
    [
        (DCGANGenerator, notes_dcgan_generator),
        (DCGANDiscriminator, notes_dcgan_discriminator),
        (CGANGenerator, NotesCGANGenerator),
        (CGANDiscriminator, NotesCGANDiscriminator),
    ],
)
def test_the_layers_are_those_of_the_notes(ours, notes):
    with torch.device("meta"):
        ours, notes = ours(), notes()
    assert layers(ours) == layers(notes)
    assert [p.shape for p in ours.parameters()] == [p.shape for p in notes.parameters()]


@pytest.mark.parametrize("mode", [True, False])
def test_dcgan_computes_what_the_notes_networks_compute(mode):
    g_notes, d_notes = notes_dcgan_generator(7, 4), notes_dcgan_discriminator(4)
    z = torch.randn(6, 7)
    for _ in range(3):
        d_notes(g_notes(z[:, :, None, None]))  # running statistics that differ from the first ones
    g, d = copied(DCGANGenerator(7, 4), g_notes).train(mode), copied(DCGANDiscriminator(4), d_notes).train(mode)
    x = g_notes.train(mode)(z[:, :, None, None])
    torch.testing.assert_close(g(z), x)
    torch.testing.assert_close(d(x), d_notes.train(mode)(x).view(-1, 1))


@pytest.mark.parametrize("mode", [True, False])
def test_cgan_computes_what_the_notes_networks_compute(mode):
    g_notes, d_notes = NotesCGANGenerator().train(mode), NotesCGANDiscriminator().train(mode)
    g, d = copied(CGANGenerator(), g_notes).train(mode), copied(CGANDiscriminator(), d_notes).train(mode)
    z, labels = torch.randn(6, 100), torch.tensor([0, 9, 3, 3, 1, 7])
    x = g_notes(z, labels)
    torch.testing.assert_close(g(z, labels), x.view(-1, 1, 28, 28))
    torch.manual_seed(0)
    expected = d_notes(x, labels)
    torch.manual_seed(0)  # the same dropout
    torch.testing.assert_close(d(x.view(-1, 1, 28, 28), labels), expected)


# ------------------------------------------------------------------------------------- what they compute


@pytest.mark.parametrize(("latent_dim", "hidden", "shape"), [(100, 128, (1, 28, 28)), (3, 5, (3, 4, 2))])
def test_the_generator_is_two_matrices_a_leaky_relu_and_a_tanh(latent_dim, hidden, shape):
    generator, z = MLPGenerator(latent_dim, hidden, shape), torch.randn(6, latent_dim)
    expected = affine(generator.fc2, leaky(affine(generator.fc1, z.double()))).tanh()
    images = generator(z)
    assert images.shape == (6, *shape)
    torch.testing.assert_close(images.flatten(1).double(), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 4, 2)])
def test_the_discriminator_is_two_matrices_and_a_leaky_relu_and_gives_a_logit(shape):
    discriminator, x = MLPDiscriminator(shape, hidden=7), torch.randn(6, *shape)
    expected = affine(discriminator.fc2, leaky(affine(discriminator.fc1, x.flatten(1).double())))
    torch.testing.assert_close(discriminator(x).double(), expected, rtol=1e-4, atol=1e-5)


def test_the_classifier_reads_its_logits_off_128_features():
    classifier, x = SmallClassifier().eval(), torch.randn(5, 1, 28, 28)
    features = classifier.features(x).detach()
    assert features.shape == (5, 128) and features.min() >= 0
    expected = affine(classifier.head, features.double())
    torch.testing.assert_close(classifier(x).double(), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", SMALL_G)
def test_a_generator_says_what_it_takes_and_gives(name):
    generator = SMALL_G[name]()
    assert generator.latent_dim == Z
    assert generator.classes == (CLASSES if name in WITH_LABELS else 0)
    assert isinstance(generator.image_shape, tuple)
    assert generator(*g_inputs(generator)).shape == (BATCH, *generator.image_shape)


@pytest.mark.parametrize("name", SMALL_G)
def test_pictures_lie_in_minus_1_to_1_and_use_all_of_it(name):
    generator = SMALL_G[name]()
    images = generator(*g_inputs(generator, scale=1e4))
    assert images.min() >= -1 and images.max() <= 1
    if "batch" in name or name in ("mlp", "cgan"):  # BatchNorm keeps the others from going so far
        assert images.min() < -0.9 and images.max() > 0.9
    assert isinstance(leaves(generator)[-1], nn.Tanh) or name == "mlp"


@pytest.mark.parametrize("name", SMALL_D)
def test_a_discriminator_gives_a_logit_without_a_sigmoid(name):
    discriminator = SMALL_D[name]().eval()
    x, *labels = d_inputs(discriminator)
    output = logits(discriminator(1000 * x, *labels))
    assert output.shape == (BATCH, 1)
    assert output.abs().max() > 1


@pytest.mark.parametrize("name", WITH_LABELS)
def test_the_label_changes_the_picture(name):
    generator = SMALL_G[name]().eval()
    images = generator(torch.randn(1, Z).expand(CLASSES, -1), torch.arange(CLASSES))
    assert not any(torch.allclose(images[i], images[j]) for i in range(CLASSES) for j in range(i))


def test_acgans_generator_is_dcgans_with_a_one_hot_label_behind_z():
    g, plain = ACGANGenerator(Z, CLASSES, 4, 3), DCGANGenerator(Z + CLASSES, 4, 3)
    assert layers(g) == layers(plain)
    z, labels = torch.randn(6, Z), some_labels(6)
    behind = torch.tensor([[float(label == k) for k in range(CLASSES)] for label in labels])
    torch.testing.assert_close(g(z, labels), copied(plain, g)(torch.cat([z, behind], 1)))


def test_acgans_two_heads_read_one_trunk_that_runs_once():
    d, plain, seen = ACGANDiscriminator(CLASSES, 4, 3), DCGANDiscriminator(4, 3), []
    assert layers(d.trunk) == layers(plain.trunk) and layers(d.head) == layers(plain.head)
    d.trunk.register_forward_hook(lambda trunk, inputs, h: seen.append(h.detach()))
    x = torch.randn(BATCH, 3, 32, 32)
    source, classes = d(x)
    assert len(seen) == 1 and seen[0].shape == (BATCH, 16, 4, 4)
    assert source.shape == (BATCH, 1) and classes.shape == (BATCH, CLASSES)
    for output, head in ((source, d.head), (classes, d.class_head)):
        torch.testing.assert_close(output.double(), affine(head, seen[0].flatten(1).double()), rtol=1e-4, atol=1e-5)
    plain.trunk, plain.head = d.trunk, d.head
    torch.testing.assert_close(plain(x), source)


def test_each_head_of_acgan_teaches_the_trunk():
    d = ACGANDiscriminator(CLASSES, 4)
    for output in d(torch.randn(BATCH, 1, 32, 32)):
        (gradient,) = torch.autograd.grad(output.square().sum(), d.trunk[0].weight, retain_graph=True)
        assert gradient.any()


@pytest.mark.parametrize(
    ("make", "norms"),
    [
        (partial(DCGANDiscriminator, 4), [8, 16]),
        (partial(DCGANDiscriminator, 4, batch_norm=False), []),
        (partial(AnySideDiscriminator, 64, 2), [4, 8, 16]),
        (partial(DCGANGenerator, Z, 4), [16, 8]),
        (partial(DCGANGenerator, Z, 4, batch_norm=False), []),
    ],
)
def test_batch_norm_can_be_left_out_and_nothing_else_changes(make, norms):
    network, standard = make(), make.func(*make.args)
    assert [m.num_features for m in network.modules() if isinstance(m, nn.BatchNorm2d)] == norms
    assert not any(isinstance(m, nn.modules.batchnorm._NormBase) for m in network.modules()) or norms
    rest = [layer for layer in layers(standard) if not layer.startswith("BatchNorm")]
    assert [layer for layer in layers(network) if not layer.startswith("BatchNorm")] == rest


@pytest.mark.parametrize("batch_norm", [False, True])
def test_an_examples_value_depends_on_the_others_only_by_batch_norm(batch_norm):
    critic, x = DCGANDiscriminator(4, 3, batch_norm=batch_norm), torch.randn(BATCH, 3, 32, 32, requires_grad=True)
    for i in range(BATCH):
        (gradient,) = torch.autograd.grad(critic(x)[i].sum(), x)
        touched = gradient.flatten(1).any(1)
        assert touched[i]
        assert touched.sum() == (BATCH if batch_norm else 1)


# --------------------------------------------------------------------------------------------- training


def before_batch_norm(network):
    """Biases that BatchNorm takes away again, so that no gradient reaches them."""
    pairs = zip(leaves(network), leaves(network)[1:], strict=False)
    return {id(layer.bias) for layer, after in pairs if isinstance(after, nn.BatchNorm2d)}


def assert_every_weight_learns(network, but=()):
    for name, weight in network.named_parameters():
        assert weight.grad is not None and weight.grad.isfinite().all(), name
        if id(weight) not in before_batch_norm(network) and name not in but:
            assert weight.grad.abs().max() > 1e-9, name


def one_step(game, generator, discriminator, real, labels=()):
    """Both losses' gradients, as a training takes them."""
    torch.manual_seed(0)
    fake = generator(torch.randn(len(real), generator.latent_dim), *labels)
    discriminator.zero_grad()
    game.d_loss(discriminator, Batch(real, fake.detach(), *labels)).loss.backward()
    assert all(weight.grad is None for weight in generator.parameters())
    discriminator.requires_grad_(False)
    game.g_loss(discriminator, Batch(real, fake, *labels)).backward()
    discriminator.requires_grad_(True)


@pytest.mark.parametrize(
    ("game", "g", "d", "but"),
    [
        (games.MINIMAX, "mlp", "mlp", ()),
        (games.smoothed(), "dcgan", "dcgan", ()),
        (games.CGAN, "cgan", "cgan", ()),
        (games.ACGAN, "acgan", "acgan", ()),
        (games.CGAN, "any side with labels", "any side with projection", ()),
        (games.ACGAN, "any side with labels", "any side with two heads", ()),
        (games.wgan_gp(), "any side", "any side without batch norm", ("head.bias",)),
        (games.wgan(), "dcgan without batch norm", "dcgan without batch norm", ("head.bias",)),
        (games.wgan_gp(), "dcgan without batch norm", "dcgan without batch norm", ("head.bias",)),
    ],
)
def test_every_game_teaches_every_weight_of_its_networks(game, g, d, but):
    generator, discriminator = SMALL_G[g](), SMALL_D[d]()
    labels = (some_labels(),) if game.conditional else ()
    one_step(game, generator, discriminator, torch.rand(BATCH, *generator.image_shape) * 2 - 1, labels)
    assert_every_weight_learns(generator)
    assert_every_weight_learns(discriminator, but)  # a constant changes no difference of two means


@pytest.mark.parametrize("make", [*SMALL_G.values(), *SMALL_D.values()], ids=[*SMALL_G, *SMALL_D])
def test_outputs_are_float32_under_autocast_though_the_layers_are_not(make):
    network, inside = make(), []
    for layer in leaves(network):
        if hasattr(layer, "weight") and layer.weight.ndim in (2, 4) and not isinstance(layer, nn.Embedding):
            layer.register_forward_hook(lambda layer, inputs, y: inside.append(y.dtype))
    inputs = g_inputs(network) if hasattr(network, "latent_dim") else d_inputs(network)
    with torch.autocast("cpu", torch.bfloat16):
        outputs = network(*inputs)
    assert set(inside) == {torch.bfloat16}
    assert all(y.dtype == torch.float32 for y in (outputs if isinstance(outputs, tuple) else (outputs,)))
    assert (
        logits(network.double()(*[x.double() if x.is_floating_point() else x for x in inputs])).dtype == torch.float64
    )


@pytest.mark.parametrize(
    ("given", "left"),
    [
        (torch.bfloat16, torch.float32),
        (torch.float16, torch.float32),
        (torch.float32, torch.float32),
        (torch.float64, torch.float64),
    ],
)
def test_only_half_precision_becomes_float32(given, left):
    x = torch.tensor([1.5], dtype=given, requires_grad=True)
    y = at_least_float32(x)
    assert y.dtype == left and y.item() == 1.5 and y.requires_grad


@pytest.mark.parametrize("std", [0.02, 0.5])
def test_normal_weights_draws_convolutions_matrices_and_batch_norms_and_zeroes_biases(std):
    network = nn.Sequential(
        nn.Conv2d(32, 64, 4),
        nn.ConvTranspose2d(64, 32, 4, bias=False),
        nn.Sequential(nn.BatchNorm2d(4000)),
        nn.Linear(100, 200),
    )
    for p in network.parameters():
        nn.init.constant_(p, 7)
    assert normal_weights(network, std) is network
    for layer in leaves(network):
        centre = 1.0 if isinstance(layer, nn.BatchNorm2d) else 0.0
        assert layer.weight.mean().item() == pytest.approx(centre, abs=0.1 * std)
        assert layer.weight.std().item() == pytest.approx(std, rel=0.1)
        assert layer.weight.max() > centre + 2.5 * std  # a normal's tail
        assert layer.bias is None or not layer.bias.any()


def test_normal_weights_leaves_embeddings_and_statistics_alone():
    network = nn.Sequential(nn.Embedding(3, 3), nn.BatchNorm2d(3))
    kept = [x.clone() for x in (network[0].weight, network[1].running_mean, network[1].running_var)]
    normal_weights(network, 0.02)
    now = [network[0].weight, network[1].running_mean, network[1].running_var]
    assert all(torch.equal(a, b) for a, b in zip(kept, now, strict=True))


@pytest.mark.parametrize("mode", [True, False])
def test_a_network_is_in_its_own_mode_again_after_evaluating_even_by_an_error(mode):
    network = DCGANGenerator(Z, 4).train(mode)
    with pytest.raises(ZeroDivisionError), evaluating(network) as same:
        assert same is network and not any(m.training for m in network.modules())
        raise ZeroDivisionError
    assert all(m.training == mode for m in network.modules())


# --------------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize("name", SMALL_G)
def test_every_generator_refuses_a_z_of_the_wrong_size_or_type_and_names_the_right_one(name):
    generator = SMALL_G[name]()
    _, *labels = g_inputs(generator)
    for wrong in (torch.zeros(Z), torch.zeros(BATCH, Z - 1), torch.zeros(BATCH, Z, dtype=torch.int64)):
        with pytest.raises(BadInput, match=rf"\(B, {Z}\)") as refused:
            generator(wrong, *labels)
        assert str(tuple(wrong.shape)) in str(refused.value) and str(wrong.dtype) in str(refused.value)


@pytest.mark.parametrize("name", SMALL_D)
def test_every_discriminator_refuses_images_of_the_wrong_shape_or_type_and_names_the_right_one(name):
    discriminator = SMALL_D[name]()
    x, *labels = d_inputs(discriminator)
    c, h, w = discriminator.image_shape
    for wrong in (
        x.flatten(1),
        torch.cat([x, x[:, :1]], 1),
        x[0],
        x.permute(0, 2, 3, 1),
        torch.zeros_like(x, dtype=torch.uint8),
    ):
        with pytest.raises(BadInput, match=rf"\(B, {c}, {h}, {w}\)") as refused:
            discriminator(wrong, *labels)
        assert str(tuple(wrong.shape)) in str(refused.value) and str(wrong.dtype) in str(refused.value)


WRONG_LABELS = {
    "none": (None, "no labels"),
    "float": (torch.zeros(BATCH), "torch.float32"),
    "one-hot": (torch.zeros(BATCH, CLASSES, dtype=torch.int64), rf"\({BATCH}, {CLASSES}\)"),
    "one for all": (torch.zeros(1, dtype=torch.int64), rf"\({BATCH},\)"),
    "below 0": (torch.tensor([0, -1, 2, 1]), "from -1 to 2; choose from 0…2"),
    "above the last": (torch.tensor([0, 1, 3, 1]), "from 0 to 3; choose from 0…2"),
}
TOLD = pytest.mark.parametrize("make", [SMALL_G["cgan"], SMALL_G["acgan"], SMALL_D["cgan"]], ids=["cgan", "acgan", "d"])


def first_input(network):
    return torch.zeros(BATCH, *(network.image_shape if isinstance(network, CGANDiscriminator) else (Z,)))


@pytest.mark.parametrize("wrong", WRONG_LABELS)
@TOLD
def test_labels_that_are_missing_or_of_the_wrong_type_number_or_range_are_refused(make, wrong):
    network, (labels, message) = make(), WRONG_LABELS[wrong]
    with pytest.raises(BadInput, match=message):
        network(first_input(network), labels)


def test_labels_are_checked_without_a_number_of_them_too():
    check_labels(torch.tensor([0, 2, 1]), 3)
    check_labels(torch.zeros(0, dtype=torch.int64), 3)
    for wrong in (torch.zeros(2, 1, dtype=torch.int64), torch.tensor([0, 3])):
        with pytest.raises(BadInput):
            check_labels(wrong, 3)


@TOLD
def test_off_the_cpu_labels_are_not_looked_at_but_their_shape_and_type_are(make):
    with torch.device("meta"):  # where looking at a value is an error
        network = make()
        x = first_input(network)
        assert len(network(x, torch.zeros(BATCH, dtype=torch.int64))) == BATCH
        for wrong in (torch.zeros(BATCH), torch.zeros(BATCH - 1, dtype=torch.int64)):
            with pytest.raises(BadInput, match="labels are"):
                network(x, wrong)


@pytest.mark.parametrize("name", ["mlp", "dcgan", "any side"])
def test_a_network_that_knows_no_labels_takes_them_all_the_same(name):
    generator, z = SMALL_G[name]().eval(), torch.randn(BATCH, Z)
    assert torch.equal(generator(z, some_labels()), generator(z))


# ---------------------------------------------------------------------------------------------- chapter 4's ablation

KEPT = {"ConvTranspose2d": 4, "ReLU": 3, "BatchNorm2d": 2, "Tanh": 1}  # of DCGAN's generator
KEPT_D = {"Conv2d": 4, "LeakyReLU": 3, "BatchNorm2d": 2}


def counted(network):
    leaves = [type(m).__name__ for m in network.modules() if not list(m.children())]
    return {name: leaves.count(name) for name in sorted(set(leaves))}


def with_changes(kept, **changes):
    return dict(sorted((name, n) for name, n in (kept | changes).items() if n))


@pytest.mark.parametrize(
    ("without", "layers"),
    [
        ("strides", with_changes(KEPT, ConvTranspose2d=1, Conv2d=3, Upsample=3)),
        ("relu", with_changes(KEPT, ReLU=0, LeakyReLU=3)),
        ("convolutions-only", with_changes(KEPT, ConvTranspose2d=3, ReLU=4, Linear=2, Flatten=1, Unflatten=1)),
    ],
)
def test_an_ablated_generator_lacks_one_guideline_and_nothing_else(without, layers):
    assert counted(DCGANGenerator(features=8)) == with_changes(KEPT)
    generator = AblatedGenerator(without, features=8)
    assert counted(generator) == layers
    assert generator(torch.randn(3, 100)).shape == (3, 1, 32, 32)


@pytest.mark.parametrize(
    ("without", "layers"),
    [
        ("strides", with_changes(KEPT_D, MaxPool2d=3)),
        ("leaky-relu", with_changes(KEPT_D, LeakyReLU=0, ReLU=3)),
        ("convolutions-only", with_changes(KEPT_D, Conv2d=3, LeakyReLU=4, Linear=2, Flatten=1)),
    ],
)
def test_an_ablated_discriminator_lacks_one_guideline_and_nothing_else(without, layers):
    assert counted(DCGANDiscriminator(features=8)) == with_changes(KEPT_D)
    discriminator = AblatedDiscriminator(without, features=8)
    assert counted(discriminator) == layers
    assert discriminator(torch.randn(3, 1, 32, 32)).shape == (3, 1)


def test_where_strides_are_given_up_pixels_are_doubled_and_the_largest_is_kept():
    up, down = AblatedGenerator("strides", features=8).model[2], AblatedDiscriminator("strides", features=8).trunk[0]
    x = torch.randn(1, 64, 4, 4)
    assert torch.equal(up[0](x), x.repeat_interleave(2, 2).repeat_interleave(2, 3))
    assert up(x).shape == (1, 32, 8, 8) and [layer.stride for layer in (up[1], down[0])] == [(1, 1), (1, 1)]
    assert torch.equal(down[1](x), x.unflatten(2, (2, 2)).unflatten(4, (2, 2)).amax((3, 5)))


@pytest.mark.parametrize("network", [AblatedGenerator, AblatedDiscriminator])
def test_an_unknown_guideline_is_refused(network):
    with pytest.raises(BadInput, match="'tanh' is not known"):
        network("tanh")
