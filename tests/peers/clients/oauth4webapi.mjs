// An app with oauth4webapi alone. It prints where to sign in, reads the address that the answer came to, prints what it has learned, and once
// more when it reads that the session has ended. Before that, it prints where to sign out if it is asked to. PEERS names the folder whose node_modules has the library.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const require = createRequire(`${process.env.PEERS}/`);
const oauth = await import(pathToFileURL(require.resolve("oauth4webapi")).href);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const read = async () => (await lines.next()).value;
const say = (what) => console.log(JSON.stringify(what));

// Without https, because this server is on this machine only.
const options = { [oauth.allowInsecureRequests]: true };
const issuer = new URL(process.env.ISSUER);
const server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, options));
const client = { client_id: process.env.CLIENT_ID };
const secret = oauth.ClientSecretBasic(process.env.CLIENT_SECRET);
const redirect = `${process.env.APP}/callback`;

const [verifier, nonce, state] = [
  oauth.generateRandomCodeVerifier(), oauth.generateRandomNonce(), oauth.generateRandomState(),
];
const to = new URL(server.authorization_endpoint);
to.search = new URLSearchParams({
  client_id: client.client_id,
  redirect_uri: redirect,
  response_type: "code",
  scope: "openid profile email offline_access",
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
  code_challenge_method: "S256",
  nonce,
  state,
});
say({ to });

const answer = oauth.validateAuthResponse(server, client, new URL(await read()), state);
const redeemed = await oauth.authorizationCodeGrantRequest(server, client, secret, answer, redirect, verifier, options);
const checked = { expectedNonce: nonce, requireIdToken: true };
const tokens = await oauth.processAuthorizationCodeResponse(server, client, redeemed, checked);
await oauth.validateApplicationLevelSignature(server, redeemed, options);
const claims = oauth.getValidatedIdTokenClaims(tokens);
const userinfo = await oauth.userInfoRequest(server, client, tokens.access_token, options);
const told = await oauth.processUserInfoResponse(server, client, claims.sub, userinfo);
const renewed = await oauth.refreshTokenGrantRequest(server, client, secret, tokens.refresh_token, options);
const again = await oauth.processRefreshTokenResponse(server, client, renewed);
const isActive = async () => {
  const asked = await oauth.introspectionRequest(server, client, secret, again.access_token, options);
  return (await oauth.processIntrospectionResponse(server, client, asked)).active;
};
say({ id_token: claims, told, refreshed: again.access_token !== tokens.access_token, active: await isActive() });

if (await read() === "sign out") {
  const leave = new URL(server.end_session_endpoint);
  leave.search = new URLSearchParams({
    id_token_hint: tokens.id_token,
    post_logout_redirect_uri: `${process.env.APP}/signed-out`,
    state: oauth.generateRandomState(),
  });
  say({ to: leave });
  await read();
}
const active = await isActive();
const refused = await oauth.refreshTokenGrantRequest(server, client, secret, again.refresh_token, options)
  .then((response) => oauth.processRefreshTokenResponse(server, client, response))
  .then(() => null, (error) => error.error);
await oauth.processRevocationResponse(
  await oauth.revocationRequest(server, client, secret, again.refresh_token, options),
);
say({ active, refused });
process.exit(0);
