// The certified provider `oidc-provider`, which keeps what it gives out in its own memory. Before anybody asks it makes the tokens that
// `GET /tokens` tells: one access token, and for each algorithm of ID tokens as many refresh tokens as CHAINS says, each of a grant of its own.
// PEERS names the folder whose node_modules has the library.
import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(`${process.env.PEERS}/`);
const { Provider } = await import(pathToFileURL(require.resolve("oidc-provider")).href);

// The first line that this prints is where it listens: what the library has to say goes elsewhere.
console.info = console.error;

const scope = "openid profile offline_access";
const key = (kind, options) => generateKeyPairSync(kind, options).privateKey.export({ format: "jwk" });
const client = (algorithm) => ({
  client_id: algorithm,
  redirect_uris: ["https://wiki.example.org/callback"],
  response_types: ["code"],
  grant_types: ["authorization_code", "refresh_token"],
  token_endpoint_auth_method: "none",
  id_token_signed_response_alg: algorithm,
});
// The memory that the library comes with forgets what is older than a thousand things.
const kept = new Map();
class Memory {
  constructor(model) {
    this.model = model;
  }
  at(id) {
    return `${this.model}:${id}`;
  }
  async upsert(id, payload) {
    kept.set(this.at(id), payload);
  }
  async find(id) {
    return kept.get(this.at(id));
  }
  async consume(id) {
    kept.get(this.at(id)).consumed = Math.floor(Date.now() / 1000);
  }
  async destroy(id) {
    kept.delete(this.at(id));
  }
  async revokeByGrantId(grantId) {
    for (const [at, payload] of kept) if (payload.grantId === grantId) kept.delete(at);
  }
}

let answer;
const server = createServer((request, response) => answer(request, response));
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  adapter: Memory,
  clients: ["RS256", "ES256"].map(client),
  jwks: { keys: [
    { ...key("rsa", { modulusLength: 2048 }), alg: "RS256", use: "sig" },
    { ...key("ec", { namedCurve: "P-256" }), alg: "ES256", use: "sig" },
  ] },
  routes: { token: "/token", userinfo: "/userinfo" },
  scopes: scope.split(" "),
  claims: { openid: ["sub"], profile: ["preferred_username", "name", "locale"] },
  responseTypes: ["code"],
  rotateRefreshToken: true,
  enabledJWA: { idTokenSigningAlgValues: ["RS256", "ES256"] },
  clientAuthMethods: ["none"],
  cookies: { keys: ["a secret of the provider's own"] },
  features: { devInteractions: { enabled: false } },
  ttl: { AccessToken: 3600, IdToken: 3600, RefreshToken: 86400, Grant: 86400 },
  findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id, preferred_username: id, name: id }) }),
});

async function given(clientId) {
  const grant = new provider.Grant({ accountId: "user1", clientId });
  grant.addOIDCScope(scope);
  const client = await provider.Client.find(clientId);
  return { accountId: "user1", client, grantId: await grant.save(), gty: "authorization_code", scope };
}
const refresh = async (clientId) => {
  const authTime = Math.floor(Date.now() / 1000);
  return new provider.RefreshToken({ ...await given(clientId), authTime, iiat: authTime }).save();
};
const chains = Array.from({ length: Number(process.env.CHAINS) });
const tokens = {
  access: await new provider.AccessToken(await given("RS256")).save(),
  RS256: await Promise.all(chains.map(() => refresh("RS256"))),
  ES256: await Promise.all(chains.map(() => refresh("ES256"))),
};

const callback = provider.callback();
answer = (request, response) => {
  if (request.url !== "/tokens") return callback(request, response);
  const body = JSON.stringify(tokens);
  response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(body) });
  response.end(body);
};
console.log(issuer);
