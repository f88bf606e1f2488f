"""How Sphinx builds the documentation site: `make site`."""

from __future__ import annotations

import inspect
import os
import re
import sys
from collections.abc import Callable
from types import UnionType
from typing import TYPE_CHECKING, Any, cast, get_type_hints

from pydantic import BaseModel
from sphinx.ext.napoleon.docstring import GoogleDocstring
from sphinx.pycode import ModuleAnalyzer
from sphinx.util.inspect import stringify_signature
from sphinx.util.nodes import make_refnode
from sphinx.util.typing import stringify_annotation

import unisync
from unisync.aws_events import SyncNotice
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
version = release = unisync.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc"]
exclude_patterns = ["_build", "explanation/state-table.md", "howto/policies.md"]
default_role = "py:obj"  # single backticks in a docstring
nitpicky = True
nitpick_ignore_regex = [
    # Type variables, names of the standard library, and types of other libraries.
    ("py:class", r"(.*\.)?Path"),
    ("py:class", r"(.*\.)?(J|P|R|T|V)(_co)?"),
    ("py:class", r"(Any|AsyncIterator|AwareDatetime|Callable|Collection|Event|Iterable|Iterator|Literal|Mapping|Self)"),
    ("py:class", r"(.*\.)?(Callable\[\[\]|datetime|timedelta)"),
    ("py:class", r"(.*\.)?(ClientError|MeterProvider|Random|TracerProvider)"),
    ("py:class", r"(.*\.)?(Date|Field|WaitMemory)"),
    ("py:class", r"(abc|botocore|collections|datetime|enum|pydantic|threading|typing)\..*"),
]
myst_enable_extensions = ["attrs_inline", "colon_fence", "deflist"]
myst_heading_anchors = 3

add_module_names = False
autodoc_member_order = "bysource"
maximum_signature_line_length = 72
python_use_unqualified_type_names = True

html_theme = "furo"
html_title = f"unisync {release}"  # on each page: which version it describes
# Of the pages' canonical links; on Read the Docs, it is that of the default version.
html_baseurl = os.environ.get("SITE_URL") or os.environ.get("READTHEDOCS_CANONICAL_URL", "")
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
html_theme_options: dict[str, object] = {"top_of_page_buttons": []}

NO_CONSTRUCTOR = (
    r"(Async)?(CodeConnections|Proton|TwinMaker)Client|(Async)?Pager|CallEnded|Change|Clock|Discovery|EnsureResult|"
    r"FleetDiscovery|Page|RecordedCall|Setup|SyncState|WaitEnded|WaitStarted"
)
"""Classes whose constructor is not public: they show no arguments."""


def display(text: str) -> str:
    """A type or a signature as the site shows it."""
    text = unqualified(text).replace("stop: Event", "stop: threading.Event")
    text = re.sub(r"<built-in method random of .*?>", "random.random", text)
    return re.sub(r"\bBackoff\(.*?\)", "Backoff()", text)


def unqualified(text: str) -> str:
    """A type without the modules that its names are in."""
    return re.sub(r"~?\b(?:[a-z_0-9]+\.)+(?=[A-Z])", "", text).replace("~", "")


def prepare(item: type[object]) -> None:
    """Make autodoc see a class's attributes and their types."""
    if issubclass(item, UnisyncError):
        item.__module__ = "unisync.errors"  # where autodoc finds the docstrings of its attributes
    own = inspect.get_annotations(item)
    if issubclass(item, BaseModel):
        item.model_rebuild()  # pydantic builds late, which autodoc would disturb
        # Includes the fields of base classes, and excludes what only pydantic needs.
        fields = {name: field.annotation for name, field in item.model_fields.items()}
        own |= get_type_hints(type("Fields", (), {"__annotations__": fields, "__module__": __name__}))
        # Fields come first, in the order of the model, and then its properties and methods.
        analyzer = ModuleAnalyzer.for_module(item.__module__)
        analyzer.analyze()
        order = {f"{item.__name__}.{name}": number - len(fields) for number, name in enumerate(fields)}
        analyzer.tagorder.update(order)
    if issubclass(item, (unisync.Unisync, unisync.AsyncUnisync)):
        prefix = "Async" if issubclass(item, unisync.AsyncUnisync) else ""
        services = ("TwinMaker", "Proton", "CodeConnections")
        own |= {name.lower(): getattr(unisync, f"{prefix}{name}Client") for name in services}
    item.__annotations__ = own


def process_signature(
    app: Sphinx, what: str, name: str, item: object, options: object, signature: str | None, returns: str | None
) -> tuple[str | None, str | None]:
    """Show the signature that a method gives itself, and none for classes that users do not create."""
    if inspect.isclass(item):
        hidden = issubclass(item, (BaseModel, UnisyncError)) or re.fullmatch(NO_CONSTRUCTOR, item.__name__)
        return signature and ("" if hidden else display(signature)), None
    if what in ("function", "method"):
        own = inspect.signature(cast("Callable[..., object]", item))
        if what == "method" and next(iter(own.parameters), "") in ("self", "cls"):
            own = own.replace(parameters=list(own.parameters.values())[1:])
        signature, arrow, result = display(stringify_signature(own, unqualified_typehints=True)).partition(") -> ")
        return signature + ")" * bool(arrow), result or None
    return signature, returns


def data_docs(name: str) -> list[str]:
    """The docstring below the definition of a constant or a type alias, in whichever module that is."""
    for module in [module for module in sys.modules if module.startswith("unisync.")]:
        docs = ModuleAnalyzer.for_module(module).find_attr_docs()
        if ("", name) in docs:
            return docs["", name]
    return []


def process_docstring(app: Sphinx, what: str, name: str, item: object, options: object, lines: list[str]) -> None:
    """Convert a docstring's sections to fields, and describe data."""
    if name == "unisync.emulator.FAULTS":
        lines[:] = [
            "The faults that are not error codes.",
            "",
            *(f"- ``{kind}``: {effect}" for kind, effect in FAULTS.items()),
        ]
    elif what == "data":
        lines[:] = data_docs(name.rpartition(".")[2])
        if isinstance(item, UnionType):  # autodoc shows the definitions of other aliases itself
            lines += ["", f"alias of ``{display(stringify_annotation(item, 'smart'))}``"]
    if what in ("attribute", "data", "property"):
        return
    if "Returns:" in lines:
        # Napoleon would take text before a colon for a type.
        start = lines.index("Returns:")
        end = next((index for index in range(start + 1, len(lines)) if re.match(r"\S", lines[index])), len(lines))
        lines[start:end] = [":returns: " + " ".join(line.strip() for line in lines[start + 1 : end]).strip(), ""]
    lines[:] = GoogleDocstring(lines).lines()


def skip_member(app: Sphinx, what: str, name: str, item: object, skip: bool, options: object) -> bool | None:
    """Leave out what only pydantic needs."""
    return True if name in ("model_config", "model_post_init") else None


def missing_reference(app: Sphinx, env: BuildEnvironment, node: pending_xref, content: object) -> object:
    """Link type aliases, and show single backticks in a docstring as code if they name nothing documented."""
    if node["reftarget"] == "unisync.errors":
        return make_refnode(app.builder, node["refdoc"], "reference/errors", "", cast("pending_xref", content))
    if node["reftype"] == "class":
        name = f"unisync.{node['reftarget'].rpartition('.')[2]}"
        entry = env.domains.python_domain.objects.get(name)
        if entry is not None:
            return make_refnode(
                app.builder, node["refdoc"], entry.docname, entry.node_id, cast("pending_xref", content)
            )
    return content if node["reftype"] == "obj" else None


def remove_file_links(app: Sphinx, path: Path, page: str, content: list[str]) -> None:
    """Replace links to files of the repository by their names in included files: they are not on the site."""
    content[0] = re.sub(r"\[(`[^`]+`)\]\((?!https?:|#|docs/)[^)]+\)", r"\1", content[0])


def add_word_breaks(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object) -> None:
    """Let long names break between their words, so that tables are no wider than necessary."""
    context["body"] = re.sub(
        r'(?<=<span class="pre">)[\w.]{16,}(?=</span>)',
        lambda name: re.sub(r"(?<=[_.])|(?<=[a-z])(?=[A-Z])", "<wbr>", name[0]),
        context.get("body", ""),
    )


def setup(app: Sphinx) -> None:
    for item in (SyncNotice, *(getattr(unisync, name) for name in unisync.__all__)):
        if isinstance(item, type):
            prepare(cast("type[object]", item))
    app.connect("autodoc-process-signature", process_signature)
    app.connect("autodoc-process-docstring", process_docstring)
    app.connect("autodoc-skip-member", skip_member)
    app.connect("include-read", remove_file_links)
    app.connect("html-page-context", add_word_breaks)
    app.connect("missing-reference", missing_reference)
