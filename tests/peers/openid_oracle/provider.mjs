// The certified provider `oidc-provider`, set up as Portero is: the same apps, the same person, the same addresses of endpoints. Whoever is asked
// for something on the way learns what for at /interaction/…, and goes on as if by doing it at /interaction/…/yes. PEERS names the folder whose
// node_modules has the library.
import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(`${process.env.PEERS}/`);
const { Provider } = await import(pathToFileURL(require.resolve("oidc-provider")).href);

const { port, clients, person } = JSON.parse(process.env.SETTINGS);
const issuer = `http://127.0.0.1:${port}`;
const key = (kind, options) => generateKeyPairSync(kind, options).privateKey.export({ format: "jwk" });
const scopes = "openid profile email groups offline_access";

const provider = new Provider(issuer, {
  clients,
  jwks: { keys: [
    { ...key("rsa", { modulusLength: 2048 }), alg: "RS256", use: "sig" },
    { ...key("ec", { namedCurve: "P-256" }), alg: "ES256", use: "sig" },
  ] },
  routes: {
    authorization: "/authorize",
    token: "/token",
    userinfo: "/userinfo",
    introspection: "/introspect",
    revocation: "/revoke",
    end_session: "/end-session",
    jwks: "/.well-known/portero/apps.jwks.json",
  },
  scopes: scopes.split(" "),
  acrValues: ["aal1", "aal2"],
  claims: {
    openid: ["sub", "acr", "amr", "auth_time", "sid"],
    profile: ["preferred_username", "name", "locale"],
    email: ["email", "email_verified"],
    groups: ["groups"],
    iss: null,
  },
  conformIdTokenClaims: false,
  responseTypes: ["code"],
  pkce: { required: () => true },
  allowOmittingSingleRegisteredRedirectUri: false,
  rotateRefreshToken: true,
  enabledJWA: { idTokenSigningAlgValues: ["RS256", "ES256"] },
  clientAuthMethods: ["client_secret_basic", "client_secret_post", "none"],
  clientBasedCORS: (ctx, origin, client) => client.clientAuthMethod === "none" &&
    client.redirectUris.some((uri) => new URL(uri).origin === origin),
  enableHttpPostMethods: true,
  cookies: { keys: ["a secret of the oracle's own"], long: { sameSite: "none" } },
  features: {
    devInteractions: { enabled: false },
    backchannelLogout: { enabled: true },
    resourceIndicators: { enabled: false },
    dPoP: { enabled: false },
    pushedAuthorizationRequests: { enabled: false },
    introspection: { enabled: true, allowedPolicy: (ctx, client, token) => token.clientId === client.clientId },
    revocation: { enabled: true, allowedPolicy: (ctx, client, token) => token.clientId === client.clientId },
  },
  ttl: {
    AccessToken: 900, AuthorizationCode: 60, IdToken: 3600, RefreshToken: 86400,
    Interaction: 600, Session: 86400, Grant: 86400,
  },
  interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
  // Every app is trusted: nobody is asked unless the app wants it so.
  loadExistingGrant: async (ctx) => grant(ctx.oidc.session.accountId, ctx.oidc.client.clientId),
  findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id, ...person.claims }) }),
});

async function grant(accountId, clientId) {
  const grant = new provider.Grant({ accountId, clientId });
  grant.addOIDCScope(scopes);
  await grant.save();
  return grant;
}

const answer = provider.callback();
createServer(async (request, response) => {
  if (!request.url.startsWith("/interaction/")) return answer(request, response);
  const { prompt, params, session } = await provider.interactionDetails(request, response);
  if (!request.url.endsWith("/yes")) {
    response.setHeader("content-type", "application/json");
    response.setHeader("x-interaction", request.url);
    return response.end(JSON.stringify({ asks: prompt.name }));
  }
  const result = { login: { accountId: person.sub, acr: "aal1", amr: ["pwd"] } };
  if (prompt.name === "consent") {
    const given = await grant(session.accountId, params.client_id);
    result.consent = { grantId: given.jti };
    delete result.login;
  }
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: true });
}).listen(port, "127.0.0.1");
