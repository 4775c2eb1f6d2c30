"""Options: switches (``spec.rules``), bounds (``spec.world.bounds``) and profiles named as text.

Everything that can be wrong with one is said here, in one line, before anything is computed: no
such name, no such value, out of range, or bounds that contradict each other.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

from checker.support.errors import UsageProblem
from checker.support.names import unknown
from checker.support.program import called
from proofs.claims.claim import Claim
from proofs.claims.table import BY_ID
from spec.rules import SWITCHES, Rules
from spec.world.bounds import LIMITS, Bounds
from spec.world.profiles import PROFILES, SCALES, Profile

TICKS = 64
_BOOLS = {
    "on": True, "true": True, "1": True, "yes": True,
    "off": False, "false": False, "0": False, "no": False,
}  # fmt: skip


def parse_rules(items: Sequence[str], ticks: int = TICKS) -> dict[str, Any]:
    """``NAME=VALUE`` for switches of ``spec.rules``; ``ticks`` is the longest time there is."""
    return _parse("rule", items, SWITCHES, ticks)


def parse_bounds(items: Sequence[str]) -> dict[str, Any]:
    """``NAME=VALUE`` for bounds; whether they agree with each other, ``choose_profile`` says."""
    return _parse("bound", items, LIMITS)


def _parse(
    kind: str,
    items: Sequence[str],
    fields: Mapping[str, dataclasses.Field[Any]],
    ticks: int = TICKS,
) -> dict[str, Any]:
    chosen: dict[str, Any] = {}
    for item in items:
        name, equals, text = (part.strip() for part in item.partition("="))
        if not equals:
            raise UsageProblem(f"{item!r} is not of the form NAME=VALUE")
        if name not in fields:
            raise unknown(kind, name, fields)
        if name in chosen:
            raise UsageProblem(f"{kind} {name} is given twice")
        chosen[name] = _value(f"{kind} {name}", text.lower(), fields[name], ticks)
    return chosen


def _value(what: str, text: str, field: dataclasses.Field[Any], ticks: int) -> Any:
    like = field.default
    if isinstance(like, bool):
        if text not in _BOOLS:
            raise UsageProblem(f"{what} is on or off, not {text!r}")
        return _BOOLS[text]
    if isinstance(like, Enum):
        members = {member.value: member for member in type(like)}
        if text not in members:
            raise UsageProblem(f"{what} is one of {', '.join(members)}, not {text!r}")
        return members[text]
    try:
        number = int(text)
    except ValueError:
        raise UsageProblem(f"{what} is a number, not {text!r}") from None
    low, high = limits(field, ticks)
    if not low <= number <= high:
        raise UsageProblem(f"{what} is between {low} and {high}, not {number}")
    return number


def values(field: dataclasses.Field[Any]) -> list[str]:
    """The values that a switch or bound may have, as the command line takes them; of a number, none
    are named: it has ``limits``."""
    if isinstance(field.default, bool):
        return ["on", "off"]
    if isinstance(field.default, Enum):
        return [show(member) for member in type(field.default)]
    return []


def limits(field: dataclasses.Field[Any], ticks: int = TICKS) -> tuple[int, int]:
    """The least and the greatest value of a switch or bound that is a number."""
    return field.metadata.get("low", -ticks), field.metadata.get("high", ticks)


def choose_claim(id: str) -> Claim:
    """The claim with that identifier."""
    if id not in BY_ID:
        raise _no_claim(id)
    return BY_ID[id]


def _no_claim(id: str) -> UsageProblem:
    from proofs.theorems.table import BY_ID as THEOREMS  # takes time, and is seldom needed

    if id in THEOREMS:
        return UsageProblem(f"{id} is a theorem, and no claim: {called()} prove {id}")
    return unknown("claim", id, BY_ID)


def choose_claims(ids: Sequence[str]) -> list[Claim]:
    """The claims named: each id itself, with it the claims behind a dot (``T1`` -> ``T1.x``), and
    the witnesses of all of them. Without ids, all claims.
    """
    if not ids:
        return list(BY_ID.values())
    chosen: set[str] = set()
    for id in ids:
        choose_claim(id)
        for claim in BY_ID.values():
            if claim.id == id or claim.id.startswith(f"{id}."):
                chosen.update((claim.id, *claim.witnesses))
    return [claim for claim in BY_ID.values() if claim.id in chosen]


def choose_rules(*layers: Mapping[str, Any]) -> Rules:
    """The RFC's rules, then each of ``layers`` on top."""
    rules = Rules()
    for layer in layers:
        for name in layer:
            if name not in SWITCHES:
                raise unknown("rule", name, SWITCHES)
        rules = dataclasses.replace(rules, **layer)
    return rules


def grown(profile: str, scale: str) -> dict[str, Any]:
    """What is larger in ``profile`` at a scale."""
    _known(profile)
    return SCALES[scale].get(profile, {})


def choose_profile(name: str, bounds: Mapping[str, Any], *read: str) -> Profile:
    """The profile called ``name`` with these ``bounds`` on top, if they make sense together.

    ``read`` are the profiles that claims name: what is recorded there is recorded here too, since
    the claims may read it. A ghost that is not recorded keeps its first value, and a claim about
    it would be vacuous.
    """
    for bound in bounds:
        if bound not in LIMITS:
            raise unknown("bound", bound, LIMITS)
    more = (watcher for other in read for watcher in _known(other).watchers)
    chosen = _known(name).watched(*more).but(**bounds)
    _check(chosen.bounds)
    return chosen


def _known(profile: str) -> Profile:
    if profile not in PROFILES:
        raise unknown("profile", profile, PROFILES)
    return PROFILES[profile]


def _check(bounds: Bounds) -> None:
    """Raise ``UsageProblem`` if bounds contradict each other."""
    size = 1 << bounds.width
    if bounds.octets and not bounds.send_window:
        raise UsageProblem(
            f"bounds octets={bounds.octets} and send_window=off: sending text reads SND.WND; "
            "set send_window=on"
        )
    if size < 4 * bounds.window:
        least = (4 * bounds.window - 1).bit_length()
        raise UsageProblem(
            f"bounds width={bounds.width} and window={bounds.window}: 2^width must be at least "
            f"four windows (spec.seq); set width={least} or more, or window={size // 4} or less"
        )
    for name in ("base", "secret") if bounds.listener else ("base",):
        if getattr(bounds, name) >= size:
            raise UsageProblem(
                f"bounds {name}={getattr(bounds, name)} and width={bounds.width}: there are "
                f"{size} sequence numbers, of which the last is {size - 1}"
            )
    if bounds.stride * (bounds.incarnations - 1) >= size:
        raise UsageProblem(
            f"bounds stride={bounds.stride}, incarnations={bounds.incarnations} and "
            f"width={bounds.width}: fresh initial sequence numbers would wrap around"
        )


def departing(bounds: Bounds) -> dict[str, str]:
    """The bounds that differ from their defaults, as the command line takes them."""
    return {
        name: show(getattr(bounds, name))
        for name, field in LIMITS.items()
        if getattr(bounds, name) != field.default
    }


def departures(rules: Rules) -> dict[str, str]:
    """The switches that differ from the RFC's defaults, as the command line takes them."""
    return {
        name: show(getattr(rules, name))
        for name, field in SWITCHES.items()
        if getattr(rules, name) != field.default
    }


def beyond(claim: Claim, found: Mapping[str, str]) -> dict[str, str]:
    """The switches to give with a claim so that they differ from the RFC's as was ``found``: what
    the claim assumes is so without, and what was set back to the RFC's default is not."""
    assumed = departures(choose_rules(claim.rules))
    return {
        name: found.get(name, show(SWITCHES[name].default))
        for name in {**assumed, **found}
        if assumed.get(name) != found.get(name)
    }


def show(value: Any) -> str:
    """A switch's value as the command line takes it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(getattr(value, "value", value))
