"""The assessment: what a scan's record says by citation, with the population behind each number.

Pure functions from a record, the pack, the settings, what people state and the assessment before it. Every file that an
attestation holds is a view of one `Assessment`; its `findings.json` is the whole of it.
"""
