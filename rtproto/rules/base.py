"""What a rule is, and what it is given to judge with.

A rule is one class: its words, its evidence, its example and, where no state table can hold the condition, the code.
Subclassing `Rule` with a non-empty `code` registers it.  Rules are stateless: what they must remember stands in
`rtproto.protocol.facts`, and what they say is a `Verdict`, from which the checker makes a `Finding`.

A rule can be reached in four ways:

* a cell of a table names its code: `breach` is asked (by default it simply reports the cell);
* an event of a type in `on` arrives: `check` is asked, before the event is added to the facts;
* something happens that is no event of the dialect; `on` then names one of the pseudo types `FAULT`, `FOREIGN`,
  `UNKNOWN`, `MISDIRECTED`, `SWAPPED`, `BAD_AUDIO`, `LARGE_AUDIO`, `DUPLICATE_ID`, `BACKWARDS`, `SUSPECT` or `STRICT`;
* the recording ends: `at_end` is asked for entities that a table calls unfinished, `at_close` always.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar, Literal

from msgspec import Struct

from rtproto.events.dialect import direction_of
from rtproto.findings import Finding, Severity, Witness
from rtproto.protocol.engine import Broken, Engine, Entity
from rtproto.protocol.facts import Facts
from rtproto.protocol.happenings import Happening
from rtproto.rules.examples import Example
from rtproto.wire import Fault

FAULT = "<fault>"
"""The line did not decode; `Context.fault` says why."""
FOREIGN = "<foreign>"
"""The event's type belongs to another dialect than the connection's; `Context.other` names that dialect."""
UNKNOWN = "<unknown>"
"""No dialect has an event of this type."""
MISDIRECTED = "<misdirected>"
"""The event's type belongs to the other side of the connection."""
BAD_AUDIO = "<bad audio>"
"""The event carries audio that is not valid base64."""
SUSPECT = "<suspect>"
"""Something worse than a note was found at this line: what else may be odd about its bytes?"""
STRICT = "<strict>"
"""Any event but a delta or audio, on a checker with `strict_fields`."""
LARGE_AUDIO = "<large audio>"
"""The event carries audio, and its frame is longer than 15 MiB."""
DUPLICATE_ID = "<duplicate id>"
"""An earlier event had the event's id; `Context.earlier` is that one's line."""
BACKWARDS = "<backwards>"
"""The recording's clock ran backwards by `Context.lag` seconds before the event."""
SWAPPED = "<swapped>"
"""The recording begins with what only the server sends, labelled as the client's."""

Basis = Literal["documented", "schema", "observed", "inferred"]
Needs = Literal["any", "server", "client", "both"]
Partial = Literal["any", "seen", "start", "open"]


SYMPTOMS: Mapping[str, str] = {
    "silence": "the bot goes silent",
    "overlap": "the bot talks over the user, or twice at once",
    "words": "words are missing, doubled, or differ between stream and result",
    "history": "items are missing from the conversation, or out of order",
    "config": "the configuration is not applied",
    "refused": "the server answers with an error",
    "tools": "a tool call is lost, repeated, or called with other arguments",
    "transcript": "the user's words are not transcribed, or wrongly placed",
    "crash": "a strict client throws or drops events",
    "bill": "usage and limits do not add up",
    "recording": "the recording is at fault, not the session",
}
"""What users notice, by a key that rules refer to; the docs have an index by it."""


class Verdict(Struct, frozen=True):
    """What a rule says of one event; everything left out is filled in from the event at hand."""

    args: dict[str, Any] = {}
    severity: Severity | None = None
    line: int | None = None
    """Another line than the one at hand, when the fault lies there."""
    type: str = ""
    """With `line`: the event type of that line."""
    direction: str = "server"
    """With `line`: who sent that line."""
    event: Any = None
    """With `line`: the event of that line, where it is still known."""
    witnesses: tuple[Witness, ...] = ()
    entity: Any = None
    """The entity the verdict is about; its taint decides whether the finding is a consequence."""
    taints: tuple[Any, ...] = ()
    """Other entities whose later faults are consequences of this one."""
    broken: Any = None
    """The illegal cell, for verdicts that come from a table."""
    folds: bool = True
    """Whether what else is wrong with the event may be its consequence."""


NOTHING: Iterator[Verdict] = iter(())
"""No verdict.  A `check` that has mostly nothing to say returns this instead of being a generator: making one costs
more than most conditions do, and events of some types are shown to a dozen rules."""

_SUBJECT = 120
"""Characters that are remembered of what a rule speaks of once; ids and types of the protocol have fewer."""


class Context:
    """What the checker knows at the event that is being judged."""

    __slots__ = (
        "_memory",
        "audio_bytes",
        "direction",
        "earlier",
        "engine",
        "entity",
        "facts",
        "fault",
        "findings",
        "lag",
        "line",
        "other",
        "raw",
        "told",
        "type",
    )

    def __init__(self, facts: Facts, engine: Engine, findings: Sequence[Finding]) -> None:
        self.facts = facts
        self.engine = engine
        self.findings = findings
        """What has been found so far on the recording, in order."""
        self.line = 0
        self.direction = "server"
        self.type = ""
        self.raw: bytes = b""
        self.entity: Entity | None = None
        """The innermost entity that the event is an input of."""
        self.audio_bytes: int | None = None
        self.fault: Fault | None = None
        self.other = ""
        self.earlier = 0
        self.lag = 0.0
        self.told: set[tuple[str, str]] = set()
        self._memory: dict[str, Any] = {}

    def memory(self, code: str, make: Callable[[], Any]) -> Any:
        """What a rule remembers of this connection between events; `make` makes it the first time."""
        if code not in self._memory:
            self._memory[code] = make()
        return self._memory[code]

    def first(self, code: str, subject: str = "") -> bool:
        """True the first time this rule asks about this subject on this connection."""
        # Of a subject that a peer made up, its beginning and its hash are enough.
        key = code, subject if len(subject) <= _SUBJECT else f"{subject[:_SUBJECT]}{hash(subject)}"
        if key in self.told:
            return False
        self.told.add(key)
        return True

    @property
    def begun(self) -> bool:
        """The server has said something besides errors: it is known whether the recording holds the session's start."""
        session = self.engine.find("session")
        return session is not None and session.state != "awaiting"

    @property
    def both_directions(self) -> bool:
        """The recording has shown events of both sides so far."""
        return len(self.facts.seen) == 2


class Rule:
    """One rule of the catalogue.  The first paragraph of the docstring says what holds, the rest why it matters."""

    code: ClassVar[str]
    name: ClassVar[str]
    severity: ClassVar[Severity] = Severity.ERROR
    basis: ClassVar[Basis] = "documented"
    dialects: ClassVar[tuple[str, ...]] = ("beta", "ga")
    needs: ClassVar[Needs] = "server"
    partial: ClassVar[Partial] = "any"
    """In a partial recording: `any` is unaffected, `seen` judges only what the recording saw begin, `start` needs the
    connection's start, `open` only notes what the recording's end leaves open."""
    message: ClassVar[str]
    """`str.format` template over the verdict's args; `{type}`, `{state}` and `{machine}` are always there."""
    evidence: ClassVar[str]
    exceptions: ClassVar[str] = ""
    on: ClassVar[tuple[str, ...]] = ()
    depends: ClassVar[tuple[str, ...]] = ()
    """For rules that look at deltas: the only fields their answer depends on beside the event's place.  A repetition
    with the same values is not asked about again as long as no entity moves."""
    reads: ClassVar[tuple[str, ...]] = ()
    """Members of the event, such as `response.tools`, of which one must be there: without them the rule has nothing to
    judge nor to remember, and is not asked.  Null is as good as absent, unless `reads_null`."""
    reads_null: ClassVar[bool] = False
    only: ClassVar[tuple[str | None, ...]] = ()
    """A member of the event that is a string, and after it the values with which the event concerns the rule: `type` is
    the tag, None stands for an absent member or null."""
    when: ClassVar[tuple[str, ...]] = ()
    """Conditions (`rtproto.rules.conditions`) that must hold for the rule to be asked."""
    unless: ClassVar[tuple[str, ...]] = ()
    """Conditions under which it is not asked."""
    since: ClassVar[Happening | None] = None
    """What must have happened on the connection, or happen by this event, before the rule is asked."""
    reads_raw: ClassVar[bool] = False
    """Judges `Context.raw`, so it is also asked about events that do not decode."""
    last: ClassVar[bool] = False
    """Asked after all rules that are not: it speaks about what they found."""
    taints: ClassVar[bool] = True
    """Whether later faults of the entity that it speaks about may be consequences."""
    one: ClassVar[bool] = False
    """It is one fault of the session's, whatever events show it: reports tell it once, with a count and its lines."""
    ending: ClassVar[bool] = False
    """It tells at the recording's end why the session fell silent, so reports show it even where it is only a note."""
    symptoms: ClassVar[tuple[str, ...]] = ()
    """What a user notices: keys of `SYMPTOMS`."""
    example: ClassVar[Example]

    def __init_subclass__(cls) -> None:
        if not cls.code:
            return
        other = _registry.setdefault(cls.code, cls)
        if other is not cls:
            raise TypeError(f"{cls.__name__} and {other.__name__} both claim the code {cls.code}")

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        """Judge an event of one of the types in `on`.

        Events of finished responses are many rules' business: return `()` as early as possible where nothing is wrong.
        """
        return ()

    def breach(self, context: Context, broken: Broken) -> Iterator[Verdict]:
        """Report an illegal cell that names this rule."""
        yield Verdict(entity=broken.entity, broken=broken, witnesses=history(broken))

    def at_end(self, context: Context, entity: Entity, cut: bool) -> Iterator[Verdict]:
        """Report an entity that the recording leaves unfinished; `cut` says that the connection's end is not in it."""
        return iter(())

    def at_close(self, context: Context, cut: bool) -> Iterable[Verdict]:
        """Judge what can only be judged when the recording is over."""
        return ()


class Unjudged(Rule):
    """A rule of the catalogue that a transcript cannot show; it is listed with the reason, and never reported."""

    code = ""
    severity = Severity.INFO
    message = ""
    reason: ClassVar[str]
    """Why a recording of the events does not tell."""


_registry: dict[str, type[Rule]] = {}
RULES: Mapping[str, type[Rule]] = MappingProxyType(_registry)
"""Every rule by its code.  Filled by importing `rtproto.rules`."""


def history(of: Entity | Broken, last: int = 2) -> tuple[Witness, ...]:
    """The lines that brought an entity into its state (or into the one in which it broke a rule), oldest first."""
    return tuple(
        Witness(
            line=line,
            type=type,
            note=of.machine.notes.get(input, f"moved the {of.machine.name}"),
            direction=direction_of(type) or "server",
        )
        for line, type, input in of.history[-last:]
    )
