// An Express app with express-openid-connect: the settings of docs/openid-apps.md, with this test's addresses. PEERS names the folder whose
// node_modules has the library.
import { createRequire } from "node:module";

const require = createRequire(`${process.env.PEERS}/`);
const express = require("express");
const { auth } = require("express-openid-connect");

// Which sessions Portero has ended. With several processes, a store of express-session that they share.
const ended = new Map();
const store = {
  get: (id, done) => done(null, ended.get(id)),
  set: (id, value, done) => done(null, ended.set(id, value)),
  destroy: (id, done) => done(null, ended.delete(id)),
};

const app = express();
app.use(auth({
  issuerBaseURL: process.env.ISSUER,
  baseURL: process.env.APP,
  clientID: process.env.CLIENT_ID,
  clientSecret: process.env.CLIENT_SECRET,
  secret: "a secret of the app's own, of 32 bytes and more",
  authorizationParams: { response_type: "code", scope: "openid profile email offline_access" },
  backchannelLogout: { store },
  idpLogout: true,
  authRequired: false,
}));
app.get("/", async (request, response) => {
  if (!request.oidc.isAuthenticated()) return response.oidc.login();
  const { accessToken, idTokenClaims } = request.oidc;
  response.json({ access: accessToken.access_token, id_token: idTokenClaims, told: await request.oidc.fetchUserInfo() });
});
app.get("/refresh", async (request, response) => {
  const refreshed = await request.oidc.accessToken.refresh();
  response.json({ access: refreshed.access_token });
});
app.listen(Number(process.env.LISTEN_PORT), "127.0.0.1");
