// Judges credentials by the verifier behind VerifierPlus. It would fetch what it does not know: what it may have comes
// by standard input, and everything else is as a host that is not there.
import { readFileSync } from "node:fs";

const given = JSON.parse(readFileSync(0, "utf8"));
const asked = new Set();
globalThis.fetch = async (request) => {
  const address = typeof request === "string" ? request : request.url ?? String(request);
  asked.add(address);
  if (!(address in given.documents)) throw new TypeError(`not to be fetched: ${address}`);
  const headers = { "content-type": "application/json" };
  return new Response(JSON.stringify(given.documents[address]), { status: 200, headers });
};
const error = console.error;
console.log = console.error = () => {};
// Not before: what it imports keeps the fetch that it finds.
const { verifyCredential } = await import("@digitalcredentials/verifier-core");

const answer = {};
for (const [name, credential] of Object.entries(given.credentials)) {
  const result = await verifyCredential({ credential, knownDIDRegistries: [] });
  const steps = Object.fromEntries((result.log ?? []).map((step) => [step.id, step.error?.name ?? step.valid]));
  const schemas = (result.additionalInformation ?? []).filter((one) => one.id === "schema_check")
    .flatMap((one) => Array.isArray(one.results) ? one.results.map(({ result }) => result) : [one.results]);
  answer[name] = { steps, errors: (result.errors ?? []).map((one) => `${one.name}: ${one.message}`), schemas };
}
process.stdout.write(JSON.stringify({ answer, asked: [...asked].sort() }));
