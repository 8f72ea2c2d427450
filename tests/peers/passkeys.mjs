// The same as passkeys.py, with @simplewebauthn/server. PEERS names the folder whose node_modules has it.

import { createRequire } from "node:module";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";

const from = createRequire(`${process.env.PEERS}/package.json`);
const server = await import(pathToFileURL(from.resolve("@simplewebauthn/server")).href);

async function judge({ answer, challenge, host, origin, key, algorithms }) {
  try {
    const response = JSON.parse(answer);
    const expected = { response, expectedChallenge: challenge, expectedOrigin: origin, expectedRPID: host, requireUserVerification: true };
    const { verified } = key === null
      ? await server.verifyRegistrationResponse({ ...expected, supportedAlgorithmIDs: algorithms })
      : await server.verifyAuthenticationResponse({
        ...expected,
        credential: { id: response.id, publicKey: new Uint8Array(Buffer.from(key, "base64url")), counter: 0 },
      });
    return verified ? "" : "not verified";
  } catch (error) {
    return String(error);
  }
}

const verdicts = [];
for (const one of JSON.parse(await text(process.stdin))) verdicts.push(await judge(one));
process.stdout.write(JSON.stringify(verdicts));
