// Judges a credential as independent verifiers do, without any network: its documents come by standard input.
import * as vc from "@digitalbazaar/vc";
import { DataIntegrityProof } from "@digitalbazaar/data-integrity";
import { cryptosuite } from "@digitalbazaar/eddsa-rdfc-2022-cryptosuite";
import { checkStatus } from "@digitalbazaar/vc-bitstring-status-list";
import { createLocalJWKSet, jwtVerify } from "jose";
import { readFileSync } from "node:fs";

const given = JSON.parse(readFileSync(0, "utf8"));

async function documentLoader(url) {
  if (url in given.documents) return { contextUrl: null, documentUrl: url, document: given.documents[url] };
  if (url.startsWith("did:key:")) {
    const did = url.split("#")[0];
    const key = did.slice("did:key:".length);
    const method = { "@context": "https://w3id.org/security/multikey/v1", id: `${did}#${key}`, type: "Multikey",
      controller: did, publicKeyMultibase: key };
    const whole = { "@context": "https://www.w3.org/ns/did/v1", id: did, assertionMethod: [method.id] };
    return { contextUrl: null, documentUrl: url, document: url.includes("#") ? method : whole };
  }
  throw new Error(`not to be fetched: ${url}`);
}

const suite = () => new DataIntegrityProof({ cryptosuite });
async function judge(credential) {
  const result = await vc.verifyCredential({ credential, suite: suite(), documentLoader, checkStatus: ({ credential }) =>
    checkStatus({ credential, suite: suite(), documentLoader, verifyMatchingIssuers: true }) });
  const error = result.error && JSON.stringify(result.error, Object.getOwnPropertyNames(result.error));
  const seen = result.statusResult?.results?.map((one) => one.status);
  return { verified: result.verified, withdrawn: seen,
    error: error && error.slice(0, 4000) };
}

const answer = {};
for (const [name, credential] of Object.entries(given.credentials)) answer[name] = await judge(credential);
for (const [name, token] of Object.entries(given.tokens ?? {})) {
  try {
    const { payload, protectedHeader } = await jwtVerify(token, createLocalJWKSet(given.jwks));
    answer[name] = { verified: true, subject: payload.sub, header: protectedHeader };
  } catch (error) {
    answer[name] = { verified: false, error: String(error) };
  }
}
console.log(JSON.stringify(answer));
