"""``coverage``: rules and branches that no claim's run reaches."""

from checker.cli import progress


def coverage() -> None:
    """List the rules and the branches of the specification that no claim's run reaches."""
    from checker.studies import coverage as study

    with progress.counted("coverage") as tell:
        found = study.coverage(told=tell)
    never, unmet = found.never_fired(), found.never_answered()
    print(f"{len(found.rules) - len(never)} of {len(found.rules)} rules fired; never:")
    for rule in never:
        print(f"  {rule}")
    print(f"{len(found.answers) - len(unmet)} of {len(found.answers)} branch answers met; never:")
    for where, answer in unmet:
        print(f"  {where}: {'yes' if answer else 'no'}")
