"""What the reader touches. One object, two faces.

Live, in a kernel: core ipywidgets over the live torch module. Static, on a page: one output that holds its own
data and script, so that it works with no kernel, no network and from `file://`. `GAN_LIB_STATIC=1` asks for the
static face; it is set when notebooks are produced.
"""

from gan_lib.widgets.be_d import be_the_discriminator
from gan_lib.widgets.bells import two_bells
from gan_lib.widgets.blend import blend_labels
from gan_lib.widgets.earth import move_earth
from gan_lib.widgets.figure_explorer import LiveFigure, explore
from gan_lib.widgets.find import find_z
from gan_lib.widgets.graph import show_graph
from gan_lib.widgets.inside import look_inside
from gan_lib.widgets.kernel_bars import play_kernel
from gan_lib.widgets.landscape import critic_landscape
from gan_lib.widgets.latent_explorer import explore_latent
from gan_lib.widgets.ledger import show_ledger
from gan_lib.widgets.live_latent import LatentExplorer
from gan_lib.widgets.pictures import train_pictures
from gan_lib.widgets.plane import train_plane
from gan_lib.widgets.playground import play_arithmetic
from gan_lib.widgets.points import play_scores
from gan_lib.widgets.question import ask_arithmetic
from gan_lib.widgets.scrubber import scrub_plane, scrub_training
from gan_lib.widgets.shrink import shrink_z
from gan_lib.widgets.sort import sort_sets
from gan_lib.widgets.stack import play_stack
from gan_lib.widgets.sure import how_sure
from gan_lib.widgets.walk import walk_between
from gan_lib.widgets.xy import play_xy

__all__ = [
    "LatentExplorer",
    "LiveFigure",
    "ask_arithmetic",
    "be_the_discriminator",
    "blend_labels",
    "critic_landscape",
    "explore",
    "explore_latent",
    "find_z",
    "how_sure",
    "look_inside",
    "move_earth",
    "play_arithmetic",
    "play_kernel",
    "play_scores",
    "play_stack",
    "play_xy",
    "scrub_plane",
    "scrub_training",
    "show_graph",
    "show_ledger",
    "shrink_z",
    "sort_sets",
    "train_pictures",
    "train_plane",
    "two_bells",
    "walk_between",
]
