"""Sphinx extension: formulas are set once, when the book is built, and a page needs no script to show them.

KaTeX (https://katex.org, MIT licence) sets them, in a JavaScript engine that pip installs. `katex.min.js` here and
`book/_static/katex` are its release: what runs at build time, and the style and letters that pages load. For those who
listen, each formula is there a second time as MathML, unseen. A newer release: the same files of the npm package; of
the fonts those in WOFF2.
"""

from __future__ import annotations

import html
import re
from functools import cache
from pathlib import Path

from docutils import nodes
from py_mini_racer import JSEvalException, MiniRacer
from sphinx.locale import _
from sphinx.util.logging import getLogger
from sphinx.util.math import get_node_equation_number

KATEX = Path(__file__).parent / "katex.min.js"
BEFORE, AFTER = re.compile(r"[^\s\w]+\Z"), re.compile(r"\A[^\s\w]+")  # "(" and "),"
STRICT = {"throwOnError": True, "strict": "error"}  # what KaTeX would forgive, LaTeX may not
logger = getLogger(__name__)


def setup(app) -> dict:
    app.add_html_math_renderer("katex", (inline, None), (displayed, None))  # Sphinx prefers any to its own MathJax
    app.add_css_file("katex/katex.min.css")
    app.connect("doctree-resolved", hold_punctuation)
    return {"parallel_read_safe": True, "parallel_write_safe": False}  # the engine would not survive a fork


@cache
def engine() -> MiniRacer:
    """A JavaScript engine that has read KaTeX."""
    started = MiniRacer()
    started.eval(KATEX.read_text(encoding="utf-8"))
    return started


@cache
def typeset(latex: str, display: bool = False) -> str:
    """LaTeX → KaTeX's HTML, with MathML in it. Raises ValueError where KaTeX does not understand it."""
    try:
        return engine().call("katex.renderToString", latex, STRICT | {"displayMode": display})
    except JSEvalException as error:
        reason = re.search("ParseError: (.*)", str(error))
        raise ValueError(f"KaTeX cannot set the formula {latex!r}: {reason[1] if reason else error}") from None


def typeset_or_warn(node: nodes.math | nodes.math_block, display: bool) -> str:
    """The formula's HTML; one that cannot be set is a warning of the build, and stands as it was written."""
    try:
        return typeset(node.astext(), display)
    except ValueError as error:
        logger.warning("%s", error, location=node)
        return f"<code>{html.escape(node.astext())}</code>"


def hold_punctuation(app, doctree: nodes.document, page: str) -> None:
    """Give each formula in a sentence the signs that touch it: a line may not end between them."""
    if app.builder.format != "html":  # only `inline` writes them again
        return
    for node in doctree.findall(nodes.math):
        for name, step, sign in (("before", -1, BEFORE), ("after", 1, AFTER)):
            parent, at = beside(node, step)
            text = parent[at] if 0 <= at < len(parent) else None
            found = sign.search(text) if isinstance(text, nodes.Text) else None
            node[name] = found[0] if found else ""
            if found:
                parent[at] = nodes.Text(sign.sub("", text))


def beside(node: nodes.Node, step: int) -> tuple[nodes.Element, int]:
    """Where the neighbour would be: a parent and a place in it, perhaps an impossible one.

    Behind a formula at the end of bold text that is what follows the bold text.
    """
    parent, at = node.parent, node.parent.index(node) + step
    if isinstance(parent, nodes.Inline) and not 0 <= at < len(parent):
        return beside(parent, step)
    return parent, at


def inline(writer, node: nodes.math) -> None:
    """A formula in a sentence."""
    before, after = (html.escape(node.get(name, "")) for name in ("before", "after"))
    tag = writer.starttag(node, "span", "", CLASS="math notranslate nohighlight")
    writer.body.append(f"{tag}{before}{breakable(typeset_or_warn(node, display=False))}{after}</span>")
    raise nodes.SkipNode


def breakable(formula: str) -> str:
    """A formula whose end book.css can keep with what follows.

    The last of its parts, between which lines may break, stands by itself.
    """
    start, base, end = formula.rpartition('<span class="katex-base">')
    if 'class="katex-base"' not in start:
        return formula
    head = start.replace('<span class="katex">', '<span class="katex parts">', 1)
    return f'{head}</span></span><span class="katex"><span class="katex-html" aria-hidden="true">{base}{end}'


def displayed(writer, node: nodes.math_block) -> None:
    """A formula of its own, with its number where it has one."""
    writer.body.append(writer.starttag(node, "div", CLASS="math notranslate nohighlight"))
    if node["number"]:
        writer.body.append(f'<span class="eqno">({get_node_equation_number(writer, node)})')
        writer.add_permalink_ref(node, _("Link to this equation"))
        writer.body.append("</span>")
    writer.body.append(typeset_or_warn(node, display=True) + "</div>\n")
    raise nodes.SkipNode
