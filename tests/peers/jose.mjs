// The same as pyjwt.py, with Node's jose. PEERS names the folder whose node_modules has it.

import { createRequire } from "node:module";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";

const from = createRequire(`${process.env.PEERS}/package.json`);
const jose = await import(pathToFileURL(from.resolve("jose")).href);

const isPem = (key) => key.startsWith("-----BEGIN");
const secret = (key) => new TextEncoder().encode(key);

async function verify({ token, algorithm, key, jwks, audience }) {
  try {
    const publicKey = jwks
      ? jose.createLocalJWKSet(jwks)
      : isPem(key) ? await jose.importSPKI(key, algorithm) : secret(key);
    return (await jose.jwtVerify(token, publicKey, { algorithms: [algorithm], audience })).payload;
  } catch (error) {
    return { error: String(error) };
  }
}

async function sign({ algorithm, key, claims, headers }) {
  const privateKey = isPem(key) ? await jose.importPKCS8(key, algorithm) : secret(key);
  return new jose.SignJWT(claims).setProtectedHeader({ alg: algorithm, ...headers }).sign(privateKey);
}

const question = JSON.parse(await text(process.stdin));
const answer = {
  verify: await Promise.all(question.verify.map(verify)),
  sign: await Promise.all(question.sign.map(sign)),
};
process.stdout.write(JSON.stringify(answer));
