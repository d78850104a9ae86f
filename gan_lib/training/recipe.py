"""A recipe: everything about a training, in three parts.

The two players, what else decides the weights, and what is only reported. A run's card keeps the three; the first two
are compared when a training is resumed, and none of them when a run is opened.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from inspect import signature
from math import cos, pi
from typing import Any

import torch
from torch import nn

from gan_lib.errors import BadInput, BadRun, brief, one_sentence
from gan_lib.machine.given import counted, flag, instance, listed, whole
from gan_lib.machine.rng import isolated_rng
from gan_lib.networks import NETWORKS, normal_weights
from gan_lib.networks.mlp import MLPDiscriminator, MLPGenerator
from gan_lib.training.augment import known_kinds
from gan_lib.training.games import GAMES, NON_SATURATING, Game

FUSED = (torch.optim.Adam, torch.optim.AdamW)  # one kernel for all weights
BOOKS = frozenset(GAMES)  # names that mean the book's own games
MISSING = "the {} {!r} is in no table; add it, {}[{!r}] = …, and load again."


@dataclass(frozen=True)
class Player:
    """A network, and how it learns.

    Attributes:
        network: a class.
        args: what it is called with.
        optimizer: a class of torch.optim, or one like them.
        optimizer_args: what it is called with beside the weights, the learning rate "lr" among them.
    """

    network: type[nn.Module]
    args: dict
    optimizer: type[torch.optim.Optimizer]
    optimizer_args: dict

    def build(self) -> nn.Module:
        """A new network. BadInput: it does not take these arguments."""
        with one_sentence(f"{self.network.__name__} cannot be built with {brief(self.args)}"):
            return self.network(**self.args)

    def optimizer_for(self, network: nn.Module) -> torch.optim.Optimizer:
        """A new optimizer of that network's weights. BadInput: it does not take these arguments."""
        fused = self.optimizer in FUSED and not {"fused", "foreach"} & set(self.optimizer_args)
        extra = {"fused": True} if fused else {}
        with one_sentence(f"{self.optimizer.__name__} cannot be made with {brief(self.optimizer_args)}"):
            return self.optimizer(network.parameters(), **self.optimizer_args, **extra)

    def as_card(self) -> dict[str, object]:
        """Plain JSON values, the network by its name in `NETWORKS`."""
        return {
            "network": network_name(self.network),
            "args": plain(self.args),
            "optimizer": self.optimizer.__name__,
            "optimizer_args": plain(self.optimizer_args),
        }


@dataclass(frozen=True)
class Players:
    """The first part: the two networks, and how they learn.

    Attributes:
        generator, discriminator: network classes.
        generator_args, discriminator_args: what they are called with.
        optimizer: any class of torch.optim, of both; or a pair, G's and D's.
        lr_g, lr_d: learning rates.
        betas: β₁ and β₂, given to every optimizer that takes betas; None for the optimizer's own.
        optimizer_args: what else the optimizers are called with (weight_decay, momentum, also betas of their own); or a
            pair, G's and D's.
    """

    generator: type[nn.Module] = MLPGenerator
    discriminator: type[nn.Module] = MLPDiscriminator
    generator_args: dict = field(default_factory=dict)
    discriminator_args: dict = field(default_factory=dict)
    optimizer: type[torch.optim.Optimizer] | tuple[type, type] = torch.optim.Adam
    lr_g: float = 2e-4
    lr_d: float = 2e-4
    betas: tuple[float, float] | None = (0.5, 0.999)
    optimizer_args: dict | tuple[dict, dict] = field(default_factory=dict)

    @property
    def players(self) -> dict[str, Player]:
        """ "generator" and "discriminator"."""
        names = ("generator", "discriminator")
        optimizers = _pair("optimizer", self.optimizer)
        extras = _pair("optimizer_args", self.optimizer_args)
        found = {}
        for name, optimizer, lr, extra in zip(names, optimizers, (self.lr_g, self.lr_d), extras, strict=True):
            is_class = isinstance(optimizer, type) and issubclass(optimizer, torch.optim.Optimizer)
            takes_betas = is_class and "betas" in signature(optimizer).parameters
            betas = {"betas": self.betas} if takes_betas and self.betas is not None else {}
            learn = {"lr": lr} | betas | extra if isinstance(extra, dict) else extra
            found[name] = Player(getattr(self, name), getattr(self, f"{name}_args"), optimizer, learn)
        return found


@dataclass(frozen=True)
class Decides:
    """The second part: what else decides the weights, so that the same recipe gives the same run (on the same CPU and
    number of threads: elsewhere random numbers or roundings differ).

    Attributes:
        dataset: "fashion-mnist" or "mnist", or the name of your own data.
        image_size: the pictures' side in pixels, as the networks have it; the data are resized to it.
        game: the two losses.
        batch_size: images in a batch, over all processes together.
        steps: updates of G.
        d_steps: updates of D for each update of G.
        lr_end: the part of both learning rates that is left after `steps` updates (`rate_left`); 1 if they stay.
        ema: G's exponential moving average keeps this part of itself at each update, and is what is
            drawn, scored and recorded; None for none.
        init_std: first weights from N(0, init_std²), as DCGAN has it; the networks' own if None.
        seed: decides the first weights, the order of the data and every z.
        bfloat16: multiply in bfloat16 where the hardware can (weights and losses stay float32).
        flip: mirror each real picture left to right with probability ½: for things that look alike from both sides, not
            for letters.
        augment: how D sees real and made pictures alike, names out of `augment.AUGMENTATIONS`: for few pictures.
    """

    dataset: str = "fashion-mnist"
    image_size: int = 28
    game: Game = NON_SATURATING
    batch_size: int = 128
    steps: int = 50_000
    d_steps: int = 1
    lr_end: float = 1.0
    ema: float | None = None
    init_std: float | None = None
    seed: int = 0
    bfloat16: bool = False
    flip: bool = False
    augment: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reported:
    """The third part: what is only reported.

    Attributes:
        name: the run's name.
        about: one line for the reader.
        milestones: updates at which the fixed z are drawn and G is scored; 0 is before the first update.
        score_plain: score the plain generator there, too, beside its average, if the recipe has one.
        keep_best: record the weights of the milestone with the best score, not those of the last update.
        keeps: the networks whose weights are recorded: "generator", "discriminator", both or none.
        pictures: of how many of the 64 fixed z each milestone keeps the picture, 1…64.
        log_every: updates between two lines of the history.
    """

    name: str
    about: str
    milestones: tuple[int, ...] = ()
    score_plain: bool = False
    keep_best: bool = False
    keeps: tuple[str, ...] = ("generator",)
    pictures: int = 64
    log_every: int = 10


@dataclass(frozen=True)
class Recipe(Players, Decides, Reported):
    """A training: two players, what decides the weights, what is reported. `dataclasses.replace` makes another one.

    Raises:
        BadInput: a value that cannot be trained with, when the recipe is made.
    """

    def __post_init__(self):
        _check_players(self)
        _check_numbers(self)
        try:
            json.dumps(self.as_card())
        except (TypeError, ValueError) as error:  # before the training, not when the card is written
            raise BadInput(
                f"no card can hold this recipe ({error}); let arguments be numbers, words or lists."
            ) from error

    def build(self) -> tuple[nn.Module, nn.Module]:
        """A new generator and discriminator on the CPU; `seed` decides their first weights."""
        with isolated_rng(self.seed):
            networks = tuple(player.build() for player in self.players.values())
            if self.init_std is not None:
                networks = tuple(normal_weights(network, self.init_std) for network in networks)
        return networks

    def rate_left(self, step: int) -> float:
        """The part of the learning rates at update number `step`, 1…: it falls along half a cosine to `lr_end` at
        `steps`, and stays there (Loshchilov & Hutter 2017, eq. 5, without restarts)."""
        done = min(step / self.steps, 1.0)
        return self.lr_end + (1 - self.lr_end) * (1 + cos(pi * done)) / 2

    def as_card(self) -> dict[str, dict]:
        """What a run's card keeps of this recipe: plain JSON values, in its three parts."""
        game = {"name": self.game.name, "args": self.game.arguments}
        return {
            "players": {name: player.as_card() for name, player in self.players.items()},
            "decides": {f.name: plain(getattr(self, f.name)) for f in fields(Decides)} | {"game": game},
            "reported": {f.name: plain(getattr(self, f.name)) for f in fields(Reported)},
        }


def from_card(card: Mapping[str, Any]) -> Recipe:
    """The recipe that a card holds.

    A network, game or optimizer that is in no table becomes a stand-in, which says so when it is needed: a run whose
    generator is known can be drawn without its game and its discriminator.

    Raises:
        BadRun: the game of that name here has other numbers.
        KeyError, TypeError, AttributeError: it is no recipe's card.
    """
    values = card["decides"] | card["reported"] | {"game": _game(**card["decides"]["game"]), "betas": None}
    learn, optimizers = [], []
    for name, player in card["players"].items():
        values[name] = NETWORKS.get(player["network"]) or _stand_in(player["network"])
        values[f"{name}_args"] = player["args"]
        learn.append(dict(player["optimizer_args"]))
        optimizers.append(getattr(torch.optim, player["optimizer"], None) or _no_optimizer(player["optimizer"]))
    values |= {key: each.pop("lr") for key, each in zip(("lr_g", "lr_d"), learn, strict=True)}
    if learn[0].get("betas") == learn[1].get("betas"):
        for each in learn:
            values["betas"] = each.pop("betas", None)
    values["optimizer"] = optimizers[0] if optimizers[0] is optimizers[1] else tuple(optimizers)
    values["optimizer_args"] = learn[0] if learn[0] == learn[1] else tuple(learn)
    return Recipe(**{key: _tuples(value) for key, value in values.items()})


def difference(recorded: Mapping[str, Any], recipe: Recipe, *, new_rates: bool = False) -> str:
    """What decides the weights otherwise in a card's recipe than in `recipe`, in words; empty if nothing.

    Neither what is reported is looked at, nor the number of updates: a training may always go on. Only where the rates
    fall does it decide them. With `new_rates` the learning rates are not looked at, nor how they fall.
    """
    before, now = (_decisive(card, new_rates) for card in (recorded, recipe.as_card()))
    keys = [key for key in before | now if before.get(key) != now.get(key)]
    return "; ".join(f"{key}: recorded {before.get(key)!r}, asked {now.get(key)!r}" for key in keys)


def rates(card: Mapping[str, Any]) -> dict[str, float]:
    """The learning rates in a recipe's card, by the player's name; and where they fall, to which part, by when."""
    found = {who: player["optimizer_args"]["lr"] for who, player in card["players"].items()}
    return found | ({key: card["decides"][key] for key in ("lr_end", "steps")} if _fall(card) else {})


def _fall(card: Mapping[str, Any]) -> bool:
    """Whether the learning rates in a recipe's card do."""
    return card["decides"].get("lr_end", 1.0) < 1


def _decisive(card: Mapping[str, Any], new_rates: bool) -> dict[str, object]:
    """The two first parts as one flat dict, "generator.args" and so on; the number of updates where the rates fall.

    What a card does not name was not there when it was written: it is what a recipe has where nothing is said.
    """
    flat = {f"{who}.{key}": value for who, player in card["players"].items() for key, value in player.items()}
    for who in card["players"] if new_rates else ():
        flat[f"{who}.optimizer_args"] = flat[f"{who}.optimizer_args"] | {"lr": None}
    unsaid = {f.name: plain(f.default) for f in fields(Decides)}
    free = {"lr_end", "steps"} if new_rates else set() if _fall(card) else {"steps"}
    return flat | {key: value for key, value in (unsaid | card["decides"]).items() if key not in free}


def network_name(network: type[nn.Module]) -> str:
    """A network's name in `NETWORKS`, or the class's own where it is not there."""
    return next((name for name, known in NETWORKS.items() if known is network), network.__name__)


def join_tables(recipe: Recipe) -> None:
    """Put the networks and the game of a recipe into the tables by their names, so that this process can load its run:
    somebody's own, or those of a cell that was run again."""
    for player in recipe.players.values():
        NETWORKS[network_name(player.network)] = player.network
    if recipe.game.name not in BOOKS and not callable(GAMES.get(recipe.game.name)):
        GAMES[recipe.game.name] = recipe.game


def plain(value: object) -> object:
    """As JSON has it: a tuple as a list, NumPy's numbers as Python's, also inside a dict."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, tuple | list | range):
        return [plain(inner) for inner in value]
    if isinstance(value, float):
        return float(value)
    return value if counted(value) is None else counted(value)


def _tuples(value: object) -> object:
    """A list, as JSON has it, as a tuple again, also inside a dict."""
    if isinstance(value, dict):
        return {key: _tuples(inner) for key, inner in value.items()}
    return tuple(map(_tuples, value)) if isinstance(value, (list, tuple)) else value


def _game(name: str, args: dict) -> Game:
    """The game of that name with these arguments."""
    known = GAMES.get(name)
    if known is None:

        def missing(*_: object) -> None:
            raise BadRun(MISSING.format("game", name, "gan_lib.training.games.GAMES", name))

        return Game(name, missing, missing, args)
    game = known if isinstance(known, Game) else known(**args)
    if plain(game.arguments) != args:
        raise BadRun(f"the game {name!r} here has the numbers {game.arguments}, the run's {args}; put that one there.")
    return game


def _stand_in(name: str) -> type[nn.Module]:
    """For a network that is in no table: whoever builds it gets the sentence."""

    def missing(*_: object, **__: object) -> None:
        raise BadRun(MISSING.format("network", name, "gan_lib.networks.NETWORKS", name))

    return type(name, (nn.Module,), {"__init__": missing})


def _no_optimizer(name: str) -> type[torch.optim.Optimizer]:
    def missing(self: object, params: object, betas: object = None, **_: object) -> None:
        raise BadRun(f"the optimizer {name!r} is not in torch.optim; give the recipe its class to train with it.")

    return type(name, (torch.optim.Optimizer,), {"__init__": missing})


def _pair(name: str, value: object) -> tuple:
    """G's and D's. BadInput: a tuple of another length."""
    pair = value if isinstance(value, tuple) else (value, value)
    if len(pair) != 2:
        raise BadInput(f"{name} holds {len(pair)} values; give one for both players, or a pair (G's, D's).")
    return pair


# ------------------------------------------------------------------------------------------------ checks, when made


def _check_players(recipe: Recipe) -> None:
    for name, player in recipe.players.items():
        if not (isinstance(player.network, type) and issubclass(player.network, nn.Module)):
            given = player.network.__name__ if isinstance(player.network, type) else type(player.network).__name__
            raise BadInput(f"{name} is no class of networks ({given}); give one, for example DCGANGenerator itself.")
        if not (isinstance(player.args, dict) and isinstance(player.optimizer_args, dict)):
            raise BadInput(f"the arguments of {name} or its optimizer are no dict; give one, for example {{}}.")
        lr = player.optimizer_args["lr"]
        if not (isinstance(lr, int | float) and not isinstance(lr, bool) and 0 <= lr < float("inf")):
            raise BadInput(f"the learning rate of {name} is {brief(lr)}; choose a number above 0, for example 2e-4.")
        if not (isinstance(player.optimizer, type) and issubclass(player.optimizer, torch.optim.Optimizer)):
            raise BadInput(f"optimizer is {brief(player.optimizer)}; give a class of torch.optim, for example Adam.")
        _check_optimizer(player)
    if (
        recipe.generator is not recipe.discriminator
        and len({network_name(p.network) for p in recipe.players.values()}) < 2
    ):
        raise BadInput(
            f"both networks are called {recipe.generator.__name__}, and a card knows them by name; rename one."
        )


def _check_optimizer(player: Player) -> None:
    """Without making one, which imports much of torch: that happens when the recipe meets the data."""
    name, takes = player.optimizer.__name__, signature(player.optimizer).parameters
    unknown = [key for key in player.optimizer_args if key not in takes]
    if unknown and not any(p.kind is p.VAR_KEYWORD for p in takes.values()):
        raise BadInput(f"{name} does not take {unknown[0]!r}; it takes {', '.join(list(takes)[1:])}.")
    closure = signature(player.optimizer.step).parameters.get("closure")  # somebody's own step may have none
    if player.optimizer is torch.optim.SparseAdam:
        raise BadInput("SparseAdam takes sparse gradients alone, and these are dense; choose Adam, say.")
    if closure is not None and closure.default is not None:
        raise BadInput(f"{name} evaluates a loss several times in a step, as this loop does not; choose Adam, say.")
    betas = player.optimizer_args.get("betas", ())
    pair = betas if isinstance(betas, tuple | list) else (None,)
    if not all(isinstance(beta, int | float) and 0 <= beta < 1 for beta in pair):
        raise BadInput(f"betas is {brief(betas)}; choose numbers of 0 ≤ β < 1, for example (0.5, 0.999).")


def _check_numbers(recipe: Recipe) -> None:
    """Whole numbers become Python's own on the way: NumPy's are no JSON."""
    for name in ("image_size", "batch_size", "steps", "d_steps", "log_every"):
        object.__setattr__(recipe, name, whole(name, getattr(recipe, name), 1))
    object.__setattr__(recipe, "seed", whole("seed", recipe.seed, 0, 2**32 - 1))
    object.__setattr__(recipe, "pictures", whole("pictures", recipe.pictures, 1, 64))
    milestones = (whole("each milestone", step, 0) for step in listed("milestones", recipe.milestones))
    object.__setattr__(recipe, "milestones", tuple(milestones))
    for name in ("bfloat16", "score_plain", "keep_best", "flip"):
        flag(name, getattr(recipe, name))
    object.__setattr__(recipe, "augment", known_kinds(recipe.augment))
    for name in ("name", "about", "dataset"):
        instance(name, getattr(recipe, name), str, "a text")
    if recipe.ema is not None and not (isinstance(recipe.ema, float) and 0 < recipe.ema < 1):
        raise BadInput(f"ema is {brief(recipe.ema)}; choose a number between 0 and 1, as 0.999, or None for none.")
    left = recipe.lr_end
    if not (isinstance(left, int | float) and not isinstance(left, bool) and 0 <= left <= 1):
        raise BadInput(f"lr_end is {brief(left)}; choose from 0, nothing is left of the rates, to 1, they stay.")
    std = recipe.init_std
    if std is not None and not (isinstance(std, int | float) and 0 < std < float("inf")):
        raise BadInput(f"init_std is {brief(std)}; choose a number above 0, for example 0.02, or None.")
    instance("game", recipe.game, Game, "a Game, for example gan_lib.training.games.NON_SATURATING")
    if recipe.game.name in BOOKS and not _is_the_books(recipe.game):
        raise BadInput(f"{recipe.game.name!r} is the name of a game of the book, and yours is another; give it one.")
    keeps = recipe.keeps if isinstance(recipe.keeps, tuple | list) else (None,)
    if any(kept not in ("generator", "discriminator") for kept in map(str, keeps)):
        raise BadInput(f'keeps is {brief(recipe.keeps)}; give names out of ("generator", "discriminator"), or ().')


def _is_the_books(game: Game) -> bool:
    """Whether the book's table makes the same game: the same two functions with the same numbers."""
    known = GAMES[game.name]
    try:
        made = known if isinstance(known, Game) else known(**game.arguments)
        pairs = ((made.d_loss, game.d_loss), (made.g_loss, game.g_loss))
        return all(mine.__code__ is theirs.__code__ for mine, theirs in pairs)
    except (TypeError, AttributeError, BadInput):
        return False
