"""The conformance suite: labelled transcripts as data, and the runner that holds any checker against them.

`conformance/README.md` is the contract.  The suite itself is read from `conformance/` or from the installed wheel.
"""
