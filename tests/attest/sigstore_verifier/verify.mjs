// Sigstore's own verifier over a bundle: node verify.mjs '{"bundle": FILE, "root": FILE, "key": FILE, ...}'.
// Prints what it found as JSON; a refusal is an answer too.
import { readFileSync } from "node:fs";
import { createPublicKey } from "node:crypto";
import { createRequire } from "node:module";

const load = createRequire(process.env.VERIFIER_MODULES + "/");
const { bundleFromJSON } = load("@sigstore/bundle");
const { TrustedRoot } = load("@sigstore/protobuf-specs");
const { toSignedEntity, toTrustMaterial, Verifier } = load("@sigstore/verify");

const asked = JSON.parse(process.argv[2]);
const read = (path) => JSON.parse(readFileSync(path, "utf8"));
const empty = {
  mediaType: "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
  tlogs: [], certificateAuthorities: [], ctlogs: [], timestampAuthorities: [],
};

function verify() {
  const bundle = bundleFromJSON(read(asked.bundle));
  const root = TrustedRoot.fromJSON(asked.root ? read(asked.root) : empty);
  const keys = asked.key
    ? (hint) => ({ publicKey: createPublicKey(readFileSync(asked.key)), validFor: () => true, hint })
    : undefined;
  const signer = new Verifier(toTrustMaterial(root, keys), asked.options).verify(toSignedEntity(bundle), asked.policy);
  return { verified: true, identity: signer.identity?.subjectAlternativeName ?? null };
}

let answer;
try {
  answer = verify();
} catch (error) {
  answer = { verified: false, code: error.code ?? error.name, message: error.message };
}
process.stdout.write(JSON.stringify(answer));
