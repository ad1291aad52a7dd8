"""`vedette roster`: a CSV file of shifts taken in, with a bar, a report, and a place to go on from."""

from __future__ import annotations

from pathlib import Path

from cyclopts import App

from application.importing.rosters import reader_of, taking
from domain.directory.shift import PlanShift
from interfaces.cli.answering import JsonOption, TenantOption, by_hand
from interfaces.cli.file_import import Work, import_file, separator

app = App(name="roster", help="Bring in rosters of shifts.")


@app.command(name="import")
def import_(
    file: Path, *, tenant: TenantOption, delimiter: str = ",", as_json: JsonOption = False
) -> int:
    """Plan the shifts of a CSV file of any size, one a line; docs/import.md says the columns.

    An import that was cut off goes on where it stood when it is started again. Imported twice, a
    file changes nothing. Shifts that the file does not name stay as they are. Refused lines are
    reported in FILE.refused.csv. Ends with 0, or with 3 if lines were refused.

    Parameters
    ----------
    file
        The file.
    delimiter
        What separates the columns; "tab" for a tab.
    """
    separated_by = separator(delimiter)
    work: Work[PlanShift] = Work(
        what="roster",
        tenant=tenant,
        reader_of=lambda opened_file: reader_of(opened_file, delimiter=separated_by),
        taking=lambda vedette: taking(vedette.log, tenant, by_hand()),
    )
    return import_file(file, work, as_json=as_json)
