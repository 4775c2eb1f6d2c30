"""The distributed engine: the native search, its states spread over many processes or machines.

Each *worker* owns a shard: the states whose keys a hash gives to it. It has their visited set, and
expands them with the native engine's compiled loop. What it finds is sent to the owners in packed
arrays, level by level. One *coordinator* numbers ends, messages and bags, so that a number means
the same everywhere, and asks plain Python once for each pair; its tables are handed to all.

``shard`` is what a worker does, ``coordinator`` what all do together, ``crew`` how they are called:
on Ray (``RayCrew``), or in this process (``LocalCrew``). ``journal`` has the levels on disk, from
which a worker that was killed is made anew, and shortest runs are found.

A search begins with ``ray start``, whose address ``RAY_ADDRESS`` names, or starts Ray itself.
``threads`` is the number of workers.
"""

import os
from collections.abc import Mapping

from checker.engines.explicit.distributed import journal
from checker.engines.explicit.distributed.coordinator import Coordinator
from checker.engines.explicit.distributed.crew import LocalCrew, RayCrew
from checker.engines.explicit.engine import Check, Exploration, Options
from checker.engines.explicit.parts import Parts
from checker.support.errors import UsageProblem

__all__ = ["Coordinator", "LocalCrew", "RayCrew", "engine"]


def engine(parts: Parts, checks: Mapping[str, Check], options: Options) -> Exploration:
    """Search ``parts`` on Ray (``engine.Engine``)."""
    wrong = [name for name in ("compact", "resume", "expect", "spill") if getattr(options, name)]
    if wrong:
        raise UsageProblem(f"only the native engine can do this: {', '.join(wrong)}")
    with journal.opened(options.checkpoint, bool(os.environ.get("RAY_ADDRESS"))) as folder:
        crew = RayCrew(options.threads, folder, options.max_memory)
        try:
            return Coordinator(parts, checks, crew, options).run()
        finally:
            crew.close()
