"""Attestations: a record of a scan, as what compliance teams and auditors take, signed and kept."""
