"""The ledger: that the attestation was written down in it, and that it is still the ledger that it was then."""

from __future__ import annotations

from phiward.attest.canonical import sha256
from phiward.attest.checkpoint import Checkpoint, Proof, parse_note, parse_proof
from phiward.attest.keys import PublicKey
from phiward.attest.ledger import Contents, open_ledger, parse_entry
from phiward.attest.ledger_audit import Audit, audit
from phiward.attest.tree import included, leaf_hash
from phiward.attest.verify import signature
from phiward.attest.verify.found import ENVELOPE, PROOF, Found, find, read_regular
from phiward.attest.verify.model import FAILED, IDENTITY, NOT_MADE, PASSED, Check, Problem, Request
from phiward.errors import UsageError

_NO_KEY = "no key was named, so it is not known whose ledger this is"


def check(found: Found, request: Request) -> list[Check]:
    """The proof in the folder, and the ledger that was named."""
    file = f"{found.name}{PROOF}"
    try:
        content = found.read(file)
        proof = None if content is None else parse_proof(content)
        checks = [_inclusion(found, proof, request)]
    except ValueError as error:
        proof, checks = None, [Check("inclusion", FAILED, f"{file}: {error}", (Problem(file, "changed"),))]
    if not request.ledger:
        return [*checks, Check("ledger", NOT_MADE, "name the ledger with --ledger to see that it only ever grew")]
    try:
        contents = open_ledger(request.ledger).read()
    except UsageError as error:
        return [*checks, Check("ledger", FAILED, error.message)]
    return [*checks, _whole(contents, request, proof, found), *_retention(contents, request)]


def check_alone(request: Request) -> list[Check]:
    """A ledger as the thing to be verified."""
    contents = open_ledger(request.target).read()
    found = audit(contents, _keys(request))
    problems = [*found.problems, *_conflicts(found, request, [])]
    keys = _keys(request)
    if not keys:
        identity = Check(IDENTITY, NOT_MADE, f"{_NO_KEY}: name its key with --key")
    elif signer := next((key for key in keys if found.note is not None and found.note.signed_by(key)), None):
        identity = Check(IDENTITY, PASSED, f"the checkpoint is signed by {signer.key_id[:16]}")
    else:
        identity = Check(IDENTITY, FAILED, "the checkpoint was not signed by the key that was named")
    if problems:
        return [identity, Check("ledger", FAILED, "; ".join(problems[:5]))]
    checks = [identity, Check("ledger", PASSED, _told(found)), *_retention(contents, request)]
    if request.checkpoint is None:
        why = "a ledger cannot show by itself that it was not rolled back: name a checkpoint or a proof kept elsewhere"
        checks.append(Check("growth", NOT_MADE, f"{why} with --checkpoint"))
    else:
        checks.append(Check("growth", PASSED, f"it continues what {request.checkpoint.name} says of it"))
    return checks


def _inclusion(found: Found, proof: Proof | None, request: Request) -> Check:
    name, file = "inclusion", Problem(f"{found.name}{PROOF}", "changed")
    if proof is None:
        return Check(name, NOT_MADE, "there is no proof that a ledger holds it")
    entry, checkpoint = parse_entry(proof.entry), proof.note.checkpoint
    envelope = found.read(f"{found.name}{ENVELOPE}")
    if envelope is None:
        return Check(name, NOT_MADE, f"the ledger holds the digest of {found.name}{ENVELOPE}, which is not here")
    if entry.event.digest != f"sha256:{sha256(envelope)}":
        return Check(name, FAILED, "the entry in the ledger is about another envelope", (file,))
    shown = included(leaf_hash(proof.entry), proof.index, checkpoint.size, proof.steps, checkpoint.root)
    if not shown or entry.seq != proof.index:
        return Check(name, FAILED, "the proof does not lead to the root of its checkpoint", (file,))
    keys = _keys(request)
    told = f"entry {proof.index} of {checkpoint.origin}, written down at {entry.time}"
    if keys and not any(proof.note.signed_by(key) for key in keys):
        return Check(
            name, FAILED, f"its checkpoint was not signed by the key that was named, {keys[0].key_id[:16]}", (file,)
        )
    if keys:
        return Check(name, PASSED, told)
    fits = any(proof.note.signed_by(key) for key in signature.own_keys(found))
    if not fits:
        return Check(name, NOT_MADE, f"{told}, it says; name the ledger's key with --ledger-key")
    return Check(name, PASSED, f"{told}, by the key in the folder itself, and so by nobody who is known")


def _whole(contents: Contents, request: Request, here: Proof | None, target: Found) -> Check:
    found = audit(contents, _keys(request))
    known = [proof.note.checkpoint for proof in (here, *_earlier(request)) if proof is not None]
    problems = [*found.problems, *_conflicts(found, request, known)]
    if here is not None:
        if not problems and found.leaves[here.index : here.index + 1] != [leaf_hash(here.entry)]:
            problems.append("the entry is not in this ledger")
    elif not problems and not _holds(contents, target):
        problems.append("no entry of this ledger is about the envelope")
    if problems:
        return Check("ledger", FAILED, "; ".join(problems[:5]))
    if not _keys(request):
        return Check("ledger", NOT_MADE, f"{_told(found)}, but {_NO_KEY}: name its key with --ledger-key")
    return Check("ledger", PASSED, f"{_told(found)}; it continues what was signed before")


def _retention(contents: Contents, request: Request) -> list[Check]:
    """That what can be locked is."""
    told = [kept for kept in contents.retention if kept is not None]
    if not contents.retention:
        return []
    if not told:
        why = "the answers do not say how long entries are kept: s3:GetObjectRetention is needed"
        return [Check("retention", NOT_MADE, why)]
    if len(told) < len(contents.retention):
        return [Check("retention", FAILED, f"entry {contents.retention.index(None)} is not locked")]
    modes, first = " and ".join(sorted({kept.mode for kept in told})), min(kept.until for kept in told)
    outcome = PASSED if first > request.now else FAILED
    return [Check("retention", outcome, f"every entry is locked in {modes} mode, the first until {first:%Y-%m-%d}")]


def _holds(contents: Contents, target: Found) -> bool:
    try:
        envelope = target.read(f"{target.name}{ENVELOPE}") or b""
    except ValueError:
        return False
    wanted = f"sha256:{sha256(envelope)}"
    return any(parse_entry(line).event.digest == wanted for line in contents.lines)


def _earlier(request: Request) -> list[Proof]:
    """The proofs of the attestations before, which know older states of the ledger."""
    proofs = []
    for path in request.previous:
        try:
            earlier = find(path)
            content = earlier.read(f"{earlier.name}{PROOF}") if isinstance(earlier, Found) else None
            proofs += [] if content is None else [parse_proof(content)]
        except (ValueError, UsageError):
            continue  # `previous` says what is wrong with it
    return proofs


def _conflicts(found: Audit, request: Request, known: list[Checkpoint]) -> list[str]:
    if request.checkpoint is not None:
        known = [*known, _kept(request)]
    return sorted({conflict for checkpoint in known if (conflict := found.conflict(checkpoint))})


def _kept(request: Request) -> Checkpoint:
    """A checkpoint that was kept elsewhere. Raises UsageError."""
    path = request.checkpoint
    assert path is not None
    try:
        content = read_regular(path)
        if content is None:
            raise UsageError(f"there is no checkpoint {str(path)!r}")
        note = parse_proof(content).note if content.startswith(b"c2sp.org/") else parse_note(content)
    except ValueError as error:
        raise UsageError(f"the checkpoint {str(path)!r} cannot be read: {error}") from error
    keys = _keys(request)
    if keys and not any(note.signed_by(key) for key in keys):
        raise UsageError(f"the checkpoint {str(path)!r} was not signed by the key that was named")
    return note.checkpoint


def _keys(request: Request) -> tuple[PublicKey, ...]:
    return request.trust.ledger_keys or request.trust.keys


def _told(found: Audit) -> str:
    origin = found.note.checkpoint.origin if found.note else "nowhere"
    entries = "1 entry" if len(found.leaves) == 1 else f"{len(found.leaves)} entries"
    return f"{entries} of {origin}, chained and as the checkpoint signs them"
