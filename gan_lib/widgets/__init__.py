"""What the reader touches. One object, two faces.

Live, in a kernel: core ipywidgets over the live torch module. Static, on a page: one output that holds its own
data and script, so that it works with no kernel, no network and from `file://`. `GAN_LIB_STATIC=1` asks for the
static face; it is set when notebooks are produced.
"""

from gan_lib.widgets.be_d import be_the_discriminator
from gan_lib.widgets.figure_explorer import LiveFigure, explore
from gan_lib.widgets.find import find_z
from gan_lib.widgets.graph import show_graph
from gan_lib.widgets.latent_explorer import explore_latent
from gan_lib.widgets.ledger import show_ledger
from gan_lib.widgets.live_latent import LatentExplorer
from gan_lib.widgets.pictures import train_pictures
from gan_lib.widgets.plane import train_plane
from gan_lib.widgets.playground import play_arithmetic
from gan_lib.widgets.points import play_scores
from gan_lib.widgets.scrubber import scrub_plane, scrub_training
from gan_lib.widgets.shrink import shrink_z
from gan_lib.widgets.sort import sort_sets

__all__ = [
    "LatentExplorer",
    "LiveFigure",
    "be_the_discriminator",
    "explore",
    "explore_latent",
    "find_z",
    "play_arithmetic",
    "play_scores",
    "scrub_plane",
    "scrub_training",
    "show_graph",
    "show_ledger",
    "shrink_z",
    "sort_sets",
    "train_pictures",
    "train_plane",
]
