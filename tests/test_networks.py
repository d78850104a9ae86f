"""The networks: sizes, shapes, and what they compute, written out with matrices."""

import pytest
import torch

from gan_lib.errors import BadInput
from gan_lib.networks.classifier import SmallClassifier
from gan_lib.networks.mlp import MLPDiscriminator, MLPGenerator


def parameters(network):
    return sum(p.numel() for p in network.parameters())


def affine(layer, x):
    """W x + b, in float64, one row of x after the other."""
    weight, bias = layer.weight.detach().double(), layer.bias.detach().double()
    return torch.stack([(weight * row).sum(1) + bias for row in x])


def leaky(x):
    return torch.where(x > 0, x, 0.2 * x)


def test_the_networks_have_the_number_of_parameters_the_book_says():
    assert parameters(MLPGenerator()) == 114_064 == 100 * 128 + 128 + 128 * 784 + 784
    assert parameters(MLPDiscriminator()) == 100_609 == 784 * 128 + 128 + 128 + 1
    assert parameters(SmallClassifier()) == 421_642


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
    assert discriminator(1000 * x).abs().max() > 1  # a sigmoid at the end would hide this


@pytest.mark.parametrize("shape", [(100,), (8, 99), (8, 100, 1), (0,)])
def test_a_z_of_the_wrong_size_is_refused_with_an_example_of_the_right_one(shape):
    with pytest.raises(BadInput, match=r"takes \(B, 100\), for example torch.randn\(8, 100\)") as refused:
        MLPGenerator()(torch.zeros(shape))
    assert str(tuple(shape)) in str(refused.value)


@pytest.mark.parametrize("shape", [(8, 784), (8, 3, 28, 28), (1, 28, 28)])
def test_images_of_the_wrong_shape_are_refused(shape):
    with pytest.raises(BadInput, match=r"takes \(B, 1, 28, 28\)") as refused:
        MLPDiscriminator()(torch.zeros(shape))
    assert str(tuple(shape)) in str(refused.value)


def test_the_classifier_reads_its_logits_off_128_features():
    classifier, x = SmallClassifier().eval(), torch.randn(5, 1, 28, 28)
    features = classifier.features(x).detach()
    assert features.shape == (5, 128) and features.min() >= 0
    expected = affine(classifier.head, features.double())
    torch.testing.assert_close(classifier(x).double(), expected, rtol=1e-4, atol=1e-5)
