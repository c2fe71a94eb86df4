"""What runs in AWS accounts, read through the catalog's collectors; the only part that speaks to AWS.

    collectors (data) -> crawl: calls, each with its entry in the ledger -> mapping: answers become Terraform's
    attributes -> inventory: what was found and what was asked, which a file can hold -> resources of the graph

A call ends in one of six ways (`calls.Status`), and only two of them decide anything: it was answered, or it said
that there is none. What was to be read from any other call is unknown, with the operation, the account, the region
and the code of the error.
"""
