// Signs somebody in by OpenID Connect with openid-client (and so with oauth4webapi), as its manual shows, and prints what the app has learned
// as JSON. PEERS names the folder whose node_modules has them.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(`${process.env.PEERS}/`);
const client = await import(pathToFileURL(require.resolve("openid-client")).href);

const at = process.env.ISSUER;
const [issuer, id, secret] = [new URL(at), process.env.CLIENT_ID, process.env.CLIENT_SECRET];
const redirect = "https://wiki.example.org/callback";
// Without https, because this server is on this machine only.
const options = { execute: [client.allowInsecureRequests] };
const config = await client.discovery(issuer, id, secret, undefined, options);

// What a browser does: opens the page, sends its form, and goes where it is led, until that is the app.
const cookies = new Map();
async function ask(url, more = {}) {
  const headers = { accept: "text/html", cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; ") };
  const answer = await fetch(url, { redirect: "manual", ...more, headers: { ...headers, ...more.headers } });
  for (const cookie of answer.headers.getSetCookie()) {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie);
    if (value === "" || cookie.includes("Max-Age=0")) cookies.delete(name);
    else cookies.set(name, value);
  }
  return answer;
}
async function follow(answer) {
  while (answer.headers.get("location")?.startsWith("/")) answer = await ask(at + answer.headers.get("location"));
  return answer;
}
const field = (page, name) => new RegExp(`name="${name}" value="([^"]*)"`).exec(page)[1].replaceAll("&amp;", "&");
const form = (fields) => ({ method: "POST", body: new URLSearchParams(fields) });

async function signIn() {
  const [verifier, nonce, state] = [client.randomPKCECodeVerifier(), client.randomNonce(), client.randomState()];
  const to = client.buildAuthorizationUrl(config, {
    redirect_uri: redirect,
    scope: "openid profile email offline_access",
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    nonce,
    state,
  });

  const page = await (await follow(await ask(to))).text();
  const typed = { username: process.env.NAME, password: process.env.PASSWORD };
  const signedIn = { csrf_token: field(page, "csrf_token"), next: field(page, "next"), ...typed };
  const back = (await follow(await ask(`${at}/login`, form(signedIn)))).headers.get("location");

  const tokens = await client.authorizationCodeGrant(config, new URL(back), {
    pkceCodeVerifier: verifier,
    expectedNonce: nonce,
    expectedState: state,
    idTokenExpected: true,
  });
  return tokens;
}

const tokens = await signIn();
const person = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
const again = await client.refreshTokenGrant(config, tokens.refresh_token);
const active = await client.tokenIntrospection(config, again.access_token);
// The person signs out at Portero.
const page = await (await ask(`${at}/account`)).text();
await ask(`${at}/logout`, form({ csrf_token: field(page, "csrf_token") }));
const after = await client.tokenIntrospection(config, again.access_token);
await client.tokenRevocation(config, again.refresh_token);
// The person signs in once more, and out at the app.
const others = await signIn();
const leave = client.buildEndSessionUrl(config, {
  id_token_hint: others.id_token,
  post_logout_redirect_uri: "https://wiki.example.org/signed-out",
  state: client.randomState(),
});
const left = await ask(leave);
const afterLeaving = await client.tokenIntrospection(config, others.access_token);
console.log(JSON.stringify({
  id_token: tokens.claims(),
  told: person,
  refreshed: again.access_token !== tokens.access_token,
  active: active.active,
  after: after.active,
  led_to: left.headers.get("location"),
  after_leaving: afterLeaving.active,
}));
