"""How Sphinx builds the documentation site: `make site`."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import version as version_of
from typing import TYPE_CHECKING, Any, cast, get_type_hints

from sphinx.ext.napoleon.docstring import GoogleDocstring
from sphinx.pycode import ModuleAnalyzer
from sphinx.util.inspect import stringify_signature
from sphinx.util.nodes import make_refnode
from sphinx.util.typing import stringify_annotation

import unisync
from unisync._models.base import Model
from unisync.emulator import FAULTS
from unisync.errors import UnisyncError

if TYPE_CHECKING:
    from pathlib import Path

    from sphinx.addnodes import pending_xref
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

project = "unisync"
author = "unisync contributors"
project_copyright = "unisync contributors, Apache-2.0"
version = release = version_of("unisync-aws")

extensions = ["myst_parser", "sphinx.ext.autodoc"]
exclude_patterns = ["_build", "explanation/words.md"]
default_role = "py:obj"  # single backticks in a docstring
nitpicky = True
nitpick_ignore_regex = [
    # Type variables, Python's own, and what is shown for want of a public name.
    ("py:class", r"(.*\.)?(J|P|R|T|V)(_co)?"),
    ("py:class", r"(Any|AsyncIterator|AwareDatetime|Callable|Collection|Event|Iterable|Iterator|Literal|Mapping|Self)"),
    ("py:class", r"(.*\.)?(Callable\[\[\]|datetime|timedelta)"),
    ("py:class", r"(.*\.)?(Boto3Session|BotocoreConfig|ClientError|Random|TracerProvider)"),
    ("py:class", r"(abc|botocore|collections|datetime|enum|pydantic|threading|typing)\..*"),
]
myst_enable_extensions = ["attrs_inline", "colon_fence"]
myst_heading_anchors = 3

add_module_names = False
autodoc_member_order = "bysource"
maximum_signature_line_length = 72
python_use_unqualified_type_names = True

html_theme = "furo"
html_title = "unisync"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
html_theme_options: dict[str, object] = {"top_of_page_buttons": []}

ALIASES = {
    "Action": "unisync._services.ensure",
    "OnEvent": "unisync._core.events",
    "OnOutcome": "unisync._waiters.many",
    "OnProgress": "unisync._waiters.waiters",
    "RepositoryProvider": "unisync._services.proton",
    "Switch": "unisync._models.configurations",
    "SyncResourceState": "unisync._models.resources",
    "SyncResourceType": "unisync._models.resources",
    "SyncType": "",  # the item's own module: it is another for Proton
    "TemplateType": "unisync._models.refs",
    "Trigger": "unisync._models.configurations",
    "What": "unisync._waiters.watcher",
}
"""Types that are written out where a signature has them, since nobody imports their names; and their modules."""
MADE_BY_UNISYNC = (
    r"(Async|Blocking)?(CodeConnections|Pager|Proton|TwinMaker)|Call|CallEnded|Change|Clock|Discovery|EnsureResult|"
    r"FleetDiscovery|Page|Setup|SyncState|WaitEnded|WaitStarted"
)
"""Classes that show no arguments: nobody else makes one."""
DATA = {
    "unisync.AnyRef": "unisync._models.refs",
    "unisync.Event": "unisync._core.events",
    "unisync.emulator.ACCOUNT": "unisync.emulator.emulator",
    "unisync.emulator.REGION": "unisync.emulator.emulator",
}
"""What is no class and no function, and the modules that say what it is."""


def shown(text: str, item: object) -> str:
    """A type or a signature as the site has it."""
    text = unqualified(text).replace("stop: Event", "stop: threading.Event")
    for name, module in ALIASES.items():
        if re.search(rf"\b{name}\b", text):
            alias = getattr(import_module(module or item.__module__), name)
            meaning = unqualified(stringify_annotation(alias, "smart"))
            text = re.sub(rf"\b{name}\b(\[J\])?", meaning, text)
    text = re.sub(r"<built-in method random of .*?>", "random.random", text)
    return re.sub(r"\bBackoff\(.*?\)", "Backoff()", text)


def unqualified(text: str) -> str:
    """A type without the modules that its names are in."""
    return re.sub(r"~?\b(?:[a-z_0-9]+\.)+(?=[A-Z])", "", text).replace("~", "")


def prepare(item: type[object]) -> None:
    """Have the attributes of a class say their types as a reader knows them."""
    if issubclass(item, UnisyncError):
        item.__module__ = "unisync.errors"  # where autodoc finds what is said of its attributes
    own = inspect.get_annotations(item)
    own |= {name: getattr(import_module(ALIASES[text]), text) for name, text in own.items() if text in ALIASES}
    if issubclass(item, Model):
        item.model_rebuild()  # pydantic builds late, and what autodoc does meanwhile would be in its way
        # Those of its bases too, and without what is there for pydantic alone.
        fields = {name: field.annotation for name, field in item.model_fields.items()}
        own |= get_type_hints(type("Fields", (), {"__annotations__": fields, "__module__": __name__}))
    item.__annotations__ = own


def with_shown_signature(
    app: Sphinx, what: str, name: str, item: object, options: object, signature: str | None, returns: str | None
) -> tuple[str | None, str | None]:
    """A verb's signature is the one that it gives itself; what users do not make shows none."""
    if inspect.isclass(item):
        shows_none = issubclass(item, (Model, UnisyncError)) or re.fullmatch(MADE_BY_UNISYNC, item.__name__)
        return signature and ("" if shows_none else shown(signature, item)), None
    if what in ("function", "method"):
        own = inspect.signature(cast("Callable[..., object]", item))
        if what == "method" and next(iter(own.parameters), "") in ("self", "cls"):
            own = own.replace(parameters=list(own.parameters.values())[1:])
        signature, arrow, result = shown(stringify_signature(own, unqualified_typehints=True), item).partition(") -> ")
        return signature + ")" * bool(arrow), result or None
    return signature, returns


def with_fields(app: Sphinx, what: str, name: str, item: object, options: object, lines: list[str]) -> None:
    """Make fields of a docstring's sections. An attribute's docstring has none."""
    if name == "unisync.emulator.FAULTS":
        lines[:] = [
            "The faults that are not error codes.",
            "",
            *(f"- ``{kind}``: {it_does}" for kind, it_does in FAULTS.items()),
        ]
    elif what == "data":
        lines[:] = ModuleAnalyzer.for_module(DATA[name]).find_attr_docs()["", name.rpartition(".")[2]]
    if what in ("attribute", "data", "property"):
        return
    if "Returns:" in lines:
        # Napoleon would take what stands before a colon for a type.
        start = lines.index("Returns:")
        end = next((place for place in range(start + 1, len(lines)) if re.match(r"\S", lines[place])), len(lines))
        lines[start:end] = [":returns: " + " ".join(line.strip() for line in lines[start + 1 : end]).strip(), ""]
    lines[:] = GoogleDocstring(lines).lines()


def skipped(app: Sphinx, what: str, name: str, item: object, skip: bool, options: object) -> bool | None:
    """Leave out what pydantic asks for."""
    return True if name in ("model_config", "model_post_init") else None


def plain_where_unknown(app: Sphinx, env: BuildEnvironment, node: pending_xref, content: object) -> object:
    """Single backticks in a docstring: code where they name nothing that has an entry."""
    if node["reftarget"] == "unisync.errors":
        return make_refnode(app.builder, node["refdoc"], "reference/errors", "", cast("pending_xref", content))
    return content if node["reftype"] == "obj" else None


def without_files(app: Sphinx, path: Path, page: str, content: list[str]) -> None:
    """In what is included of other files, name the repository's files without a link: they are not on the site."""
    if path.name != "README.md":  # whose links say where its parts begin and end
        content[0] = re.sub(r"\[(`[^`]+`)\]\((?!https?:|#|docs/)[^)]+\)", r"\1", content[0])


def with_breaks(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object) -> None:
    """Let a long name in the text break between its words, so that tables are no wider than they have to be."""
    context["body"] = re.sub(
        r'(?<=<span class="pre">)[\w.]{16,}(?=</span>)',
        lambda name: re.sub(r"(?<=[_.])|(?<=[a-z])(?=[A-Z])", "<wbr>", name[0]),
        context.get("body", ""),
    )


def setup(app: Sphinx) -> None:
    for item in (getattr(unisync, name) for name in unisync.__all__):
        if isinstance(item, type):
            prepare(cast("type[object]", item))
    app.connect("autodoc-process-signature", with_shown_signature)
    app.connect("autodoc-process-docstring", with_fields)
    app.connect("autodoc-skip-member", skipped)
    app.connect("include-read", without_files)
    app.connect("html-page-context", with_breaks)
    app.connect("missing-reference", plain_where_unknown)
