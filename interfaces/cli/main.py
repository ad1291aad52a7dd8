"""The `vedette` command: a shell that knows the commands by name and imports the one that is used.

A command `name` lives in `interfaces/cli/<name>.py` (`import` in `importing.py`, since a module
cannot be called so, and a dash is an underscore there) and is there under the name `app`: a function for a plain command, or a
`cyclopts.App(name="<name>")` for one with sub-commands. It answers on standard output, returns
None or an exit code, and fails by raising `CommandFailed` (see `failing.py`). Wrong usage ends
with exit code 2, a failure with 1, Ctrl-C with 130.
"""

from __future__ import annotations

import os
import sys
from importlib.metadata import version

from cyclopts import App, Group

RUN = Group("Run", sort_key=1)
SET_UP = Group("Set up", sort_key=2)
LOOK = Group("Look after the log", sort_key=3)
FEED = Group("Bring in signals", sort_key=4)
WORK = Group("Do the work", sort_key=5)

INTERRUPTED = 130  # what a shell reports for a program that Ctrl-C ended

COMMANDS: list[tuple[str, str, Group, str]] = [
    ("up", "up", RUN, "Run everything: databases, web, followers and workers."),
    ("serve", "serve", RUN, "Run one web process: HTTP, feed and page."),
    ("follow", "follow", RUN, "Run one follower process: read models and policies."),
    ("work", "work", RUN, "Run one worker process: jobs such as verifying a log."),
    ("demo", "demo", RUN, "Fill a running Vedette with a demo tenant."),
    ("migrate", "migrate", SET_UP, "Bring the database up to this release."),
    ("tenant", "tenant", SET_UP, "Create and list tenants."),
    ("site", "site", SET_UP, "Register and list sites."),
    ("person", "person", SET_UP, "Register and list persons."),
    ("device", "device", SET_UP, "Register and list devices."),
    ("tour", "tour", SET_UP, "Define, retire and list tours of checkpoints."),
    ("shift", "shift", SET_UP, "Plan, cancel and list shifts."),
    ("roster", "roster", SET_UP, "Bring in rosters of shifts."),
    ("task", "task", SET_UP, "Assign, cancel and list tasks."),
    ("user", "user", SET_UP, "Create users and set passwords and roles."),
    ("key", "key", SET_UP, "Issue, list and revoke API keys."),
    (
        "service-level",
        "service_level",
        SET_UP,
        "Show and set how soon tickets are to be taken on and done.",
    ),
    ("assignment", "assignment", SET_UP, "Show and lay down who gets which ticket."),
    ("escalation", "escalation", SET_UP, "Show and set where mail about escalated tickets goes."),
    ("log", "log", LOOK, "Read, follow and verify a tenant's log."),
    (
        "followers",
        "followers",
        LOOK,
        "Show how far each follower is; retry or skip what is parked.",
    ),
    ("incident", "incident", LOOK, "List incidents, show what belongs to one, and work on it."),
    ("alert", "alert", LOOK, "List alerts, show one and its story, and work on it."),
    ("lab", "lab", LOOK, "Judge data outside of any log, as Vedette judges its own."),
    (
        "explain",
        "explain",
        LOOK,
        "Say why something stands, back to the raw signals, and what followed.",
    ),
    ("rebuild", "rebuild", LOOK, "Rebuild a read model from the log and swap it in."),
    ("audit", "audit", LOOK, "Ask for duty to be looked at, and see what that came to."),
    ("finding", "finding", LOOK, "Show duty that was not done, with its evidence, and settle it."),
    ("anomalies", "anomalies", LOOK, "List what was far from what is usual."),
    ("baselines", "baselines", LOOK, "List what is normal for a person or a site."),
    ("tune", "tune", LOOK, "Look at the thresholds of baselines, try others, and decide."),
    ("jobs", "jobs", LOOK, "Ask for long work, such as a verification, and see its answer."),
    ("feed", "feed", LOOK, "Show how many listeners of the feed were handed which frame."),
    ("ticket", "ticket", WORK, "List, show and open tickets, and work on them."),
    ("silence", "silence", WORK, "Let something call nobody for a while, and end that."),
    ("maintenance", "maintenance", WORK, "Plan recurring windows in which a site calls nobody."),
    ("suppressions", "suppressions", WORK, "List what called nobody, why, and what came of it."),
    ("import", "importing", FEED, "Import signals from a CSV or NDJSON file."),
    ("simulate", "simulate", FEED, "Play simulated field signals against a running Vedette."),
]

app = App(
    name="vedette",
    help="Event-sourced NOC intelligence for guard-force and facility security.",
    version=lambda: version("vedette"),
    version_flags=["--version"],
    result_action="return_value",
)
for place, (name, module, group, help_text) in enumerate(COMMANDS):
    target = f"interfaces.cli.{module}:app"
    app.command(target, name=name, group=group, help=help_text, sort_key=place)


def main() -> None:
    """Run the command line and end the process with its exit code."""
    try:
        sys.exit(app(sys.argv[1:]) or 0)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # The reader of our output left, as `head` does. Python would complain again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        from interfaces.cli.failing import sentence_for

        sentence = sentence_for(error)
        if sentence is None:
            raise
        print(sentence, file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
