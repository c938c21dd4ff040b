"""The words of the generated sessions: replies cut into token-like deltas, and what a caller says.

The sentences are ours.  What is taken from real sessions are sizes only: a reply of about 40 tokens, a token of 2 to
6 characters, and the padding of small deltas to 16 characters by the `obfuscation` field.
"""

from __future__ import annotations

from random import Random

SUBJECTS = [
    "The harbour",
    "Our ferry",
    "A small crew",
    "The night train",
    "Her workshop",
    "The old bridge",
    "This trail",
]
VERBS = ["opens", "leaves", "waits", "slows down", "turns north", "fills up", "closes"]
PLACES = ["near the market", "before sunrise", "after the rain", "by the lighthouse", "at the second gate"]
EXTRAS = ["so bring a warm coat", "and it takes about forty minutes", "which most visitors never notice",
          "but only on weekdays", "as the timetable on the wall says"]  # fmt: skip
QUESTIONS = ["When does the next ferry leave?", "Could you tell me more about the bridge?", "And how do I get back?",
             "What should I bring for the trail?", "Is the market open on Sunday?"]  # fmt: skip

INSTRUCTIONS = (
    "You answer questions of visitors to a small coastal town. Speak in a friendly, unhurried voice and keep every "
    "answer under four sentences. When somebody asks for times, give the time first and the reason after it. Never "
    "guess a price: say that the ticket office knows. If the visitor changes the subject, follow without comment. "
    "Use the functions that you are given for timetables and weather, and tell the visitor when a look-up fails."
)


def reply(rng: Random, tokens: int) -> list[str]:
    """A reply of about that many deltas, each of 1 to 6 characters; joined they are the text."""
    pieces: list[str] = []
    while len(pieces) < tokens:
        sentence = f"{rng.choice(SUBJECTS)} {rng.choice(VERBS)} {rng.choice(PLACES)}, {rng.choice(EXTRAS)}."
        pieces += split(sentence if not pieces else " " + sentence)
    return pieces


def split(text: str) -> list[str]:
    """The text in token-like pieces: a word with its leading blank, longer words in two or more, marks alone."""
    pieces: list[str] = []
    word = ""
    for character in text:
        if character in " ,.?!":
            pieces += [word[start : start + 6] for start in range(0, len(word), 6)]
            word = ""
            if character != " ":
                pieces.append(character)
                continue
        word += character
    return pieces + [word[start : start + 6] for start in range(0, len(word), 6)]


def question(rng: Random) -> str:
    """Something that a visitor asks."""
    return rng.choice(QUESTIONS)
