"""An import contract: a sealed package may import the standard library, and what is named.

The stock contracts of import-linter can forbid named packages; this one turns the
question round, so that a dependency added next year is refused without being listed.
"""

from __future__ import annotations

import sys
from typing import cast

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class SealedContract(Contract):
    """Packages whose every import is of themselves, the standard library or an allowed name."""

    packages = fields.ListField(subfield=fields.StringField())
    allowed = fields.ListField(subfield=fields.StringField(), required=False, default=[])
    third_party = fields.BooleanField(required=False, default=False)

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: ARG002
        """Look at every direct import; whatever is imported indirectly is somebody's direct one."""
        ours = {module for module in graph.modules if not graph.is_module_squashed(module)}
        strangers = sorted(
            (importer, imported)
            for package in cast("list[str]", self.packages)
            for importer in ours
            if is_within(importer, package)
            for imported in graph.find_modules_directly_imported_by(importer)
            if not self.may_import(package, imported, is_ours=imported in ours)
        )
        return ContractCheck(kept=not strangers, metadata={"strangers": strangers})

    def may_import(self, package: str, imported: str, *, is_ours: bool) -> bool:
        """Whether a module of the package may import the other module."""
        return (
            is_within(imported, package)
            or imported.partition(".")[0] in sys.stdlib_module_names
            or any(is_within(imported, name) for name in cast("list[str]", self.allowed))
            or (bool(self.third_party) and not is_ours)
        )

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print one line per import that breaks the seal."""
        for importer, imported in check.metadata["strangers"]:
            output.print_error(f"{importer} must not import {imported}")
            output.new_line()


def is_within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")
