"""Which options a command was given, and how it goes on after an interrupt.

An option that says nothing in the way in which a command was asked to work is refused, and never
ignored: ``only`` and ``without`` say which options go with one and which do not, ``needs`` what an
option is of no use without. What counts is that it was given, and not its value.
"""

from typing import Any

from typer.core import TyperCommand

from checker.support.errors import INCONCLUSIVE, Problem, UsageProblem

_REPORTS = ("json", "junit", "html")
_at_work: list[Any] = []  # their contexts, of typer's click or another
_goes_on: list[str] = []


class Interrupted(Problem):
    """Somebody wants the command to end."""

    code = INCONCLUSIVE


class Command(TyperCommand):
    """A command of which ``given`` tells the options while it is at work."""

    def invoke(self, ctx: Any) -> Any:
        """Do the work. Raises Interrupted, which says what became of it and how it goes on."""
        _at_work.append(ctx)
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise Interrupted(_interrupted(ctx)) from None
        finally:
            _at_work.pop()
            _goes_on.clear()


def _interrupted(ctx: Any) -> str:
    lost = "; no report was written" if any(ctx.params.get(name) for name in _REPORTS) else ""
    resumes = ctx.params.get("engine") != "distributed"
    folders = (ctx.params.get(name) for name in ("checkpoint", "spill") if resumes)
    places = [*_goes_on, *(str(folder) for folder in folders if folder)]
    return f"interrupted{lost}" + "".join(f"; --resume goes on from {place}" for place in places)


def goes_on_from(place: object) -> None:
    """After an interrupt ``--resume`` goes on from what is kept there."""
    _goes_on.append(str(place))


def only(what: str, *names: str) -> None:
    """Raise UsageProblem if there is an option beside ``what`` but those of these parameters."""
    _refuse(what, [s for name, s in _given().items() if name not in names and s != what])


def without(what: str, *names: str) -> None:
    """Raise UsageProblem if one of these parameters was given, which says nothing with ``what``."""
    _refuse(what, [shown for name, shown in _given().items() if name in names])


def _refuse(what: str, others: list[str]) -> None:
    if others:
        raise UsageProblem(f"{what} takes no {' and no '.join(others)}: omit {_them(others)}")


def needs(what: str, *names: str) -> None:
    """Raise UsageProblem if one of these parameters was given, for lack of ``what``."""
    others = [shown for name, shown in _given().items() if name in names]
    if others:
        verb = "needs" if len(others) == 1 else "need"
        raise UsageProblem(f"{' and '.join(others)} {verb} {what}: add it, or omit {_them(others)}")


def _given() -> dict[str, str]:
    """The parameters that stand on the command line, each as it is called there."""
    if not _at_work:  # the function was called by a program
        return {}
    ctx = _at_work[-1]
    found = {}
    for param in ctx.command.params:
        source = ctx.get_parameter_source(param.name or "")
        if param.name and source is not None and source.name == "COMMANDLINE":
            off = ctx.params.get(param.name) is False and param.secondary_opts
            found[param.name] = (off or param.opts)[0]
            if param.param_type_name == "argument":
                found[param.name] = (param.metavar or param.name.upper()).strip("[]").split()[0]
    return found


def _them(names: list[str]) -> str:
    return "it" if len(names) == 1 else "them"
