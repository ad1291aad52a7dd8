"""`vedette import`: signals from a CSV or NDJSON file, with a bar, a report, and a place to go on from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from cyclopts import Parameter

from application.importing.signals import reader_of, taking
from application.ingestion import Giver
from application.signals import Signal
from domain.kernel import Identifier
from interfaces.cli.answering import JsonOption, TenantOption, by_hand
from interfaces.cli.failing import CommandFailed
from interfaces.cli.file_import import Work, import_file, separator


def app(
    file: Path,
    *,
    tenant: TenantOption,
    source: str | None = None,
    format: Annotated[Literal["csv", "ndjson"] | None, Parameter(name="--format")] = None,  # noqa: A002
    delimiter: str = ",",
    as_json: JsonOption = False,
) -> int:
    """Import signals from a CSV or NDJSON file of any size; docs/import.md says the columns.

    An import that was cut off goes on where it stood when it is started again. Imported twice, a
    file changes nothing: signals are told apart by source and id. Refused lines are reported in
    FILE.refused.csv. Ends with 0, or with 3 if lines were refused.

    Parameters
    ----------
    file
        The file.
    source
        Where the signals come from, for lines that do not say it themselves.
    format
        csv or ndjson; told by the file's name otherwise (.ndjson and .jsonl are NDJSON).
    delimiter
        What separates the columns of CSV; "tab" for a tab.
    """
    is_csv = format == "csv" if format else file.suffix.lower() not in (".ndjson", ".jsonl")
    delimiter = separator(delimiter)
    if source is not None:
        try:
            msgspec.convert(source, Identifier)
        except msgspec.ValidationError as error:
            raise CommandFailed("--source must be 1 to 64 of A-Z a-z 0-9 . _ : -") from error
    work: Work[Signal] = Work(
        what="signals",
        tenant=tenant,
        source=source,
        reader_of=lambda opened_file: reader_of(
            opened_file, is_csv=is_csv, source=source, delimiter=delimiter
        ),
        taking=lambda vedette: taking(vedette.intake, Giver(tenant, by_hand().actor)),
    )
    return import_file(file, work, as_json=as_json)
