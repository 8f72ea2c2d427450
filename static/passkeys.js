// Passkeys: asks the browser for one, and sends its answer with the form. Without this file, and in a browser that knows no passkeys, the
// pages are as they would be without it.

const toBytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const toText = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

// Not parseCreationOptionsFromJSON and its like, which Safari before 18.4 lacks.
const withBytes = (options) => {
  options.challenge = toBytes(options.challenge);
  if (options.user) options.user.id = toBytes(options.user.id);
  for (const list of [options.excludeCredentials, options.allowCredentials]) {
    for (const one of list ?? []) one.id = toBytes(one.id);
  }
  return options;
};

const asJson = (credential) => {
  const { id, type, response } = credential;
  const member = (name) => response[name] ? toText(response[name]) : undefined;
  return JSON.stringify({
    id,
    rawId: id,
    type,
    response: {
      clientDataJSON: member("clientDataJSON"),
      attestationObject: member("attestationObject"),
      authenticatorData: member("authenticatorData"),
      signature: member("signature"),
      userHandle: member("userHandle"),
    },
    clientExtensionResults: { credProps: credential.getClientExtensionResults().credProps },
  });
};

const part = document.querySelector("[data-passkey]");
if (part && window.PublicKeyCredential) {
  const { form } = part.querySelector("[name=passkey]");
  const button = part.querySelector("button");
  const status = part.querySelector("[role=status]");
  const lasts = Date.now() + 1000 * part.dataset.lasts;
  // A browser has one ceremony at a time: what the autofill waits for gives way to the button.
  let asking;

  const ask = async (mediation) => {
    asking?.abort();
    asking = new AbortController();
    const wanted = { publicKey: withBytes(JSON.parse(part.dataset.options)), signal: asking.signal };
    if (mediation) wanted.mediation = mediation;
    const credential = await navigator.credentials[part.dataset.passkey](wanted);
    part.querySelector("[name=passkey]").value = asJson(credential);
    // What was typed beside it is nobody's business now.
    for (const field of form.querySelectorAll("[type=password]")) field.value = "";
    form.submit();
  };

  const autofill = async () => {
    if (part.dataset.autofill === undefined) return;
    if (await PublicKeyCredential.isConditionalMediationAvailable?.()) {
      // Nobody chose one, or the button was pressed.
      ask("conditional").catch(() => {});
    }
  };

  button.addEventListener("click", async () => {
    // The server takes no answer to what was asked so long ago.
    if (Date.now() > lasts) return location.reload();
    status.textContent = "";
    button.disabled = true;
    try {
      await ask();
    } catch (error) {
      status.textContent = error.name === "InvalidStateError" ? part.dataset.known : part.dataset.failed;
      button.disabled = false;
      autofill();
    }
  });

  // Whoever comes back to a page that has stood open finds one that works, unless they have begun to type.
  document.addEventListener("visibilitychange", () => {
    const typed = [...form.querySelectorAll("input:not([type=hidden], [type=checkbox])")].some((field) => field.value !== field.defaultValue);
    if (document.visibilityState === "visible" && Date.now() > lasts && !typed) location.reload();
  });

  for (const instead of document.querySelectorAll("[data-without-passkeys]")) instead.hidden = true;
  part.hidden = false;
  autofill();
}

// Tells the browser's password manager which passkeys are still good here, and what their person is called. (WebAuthn, Signal methods)
for (const signal of document.querySelectorAll("[data-passkey-signal]")) {
  const { unknown, accepted, details } = JSON.parse(signal.dataset.passkeySignal);
  const tell = (method, what) => what && window.PublicKeyCredential?.[method]?.(what).catch(() => {});
  tell("signalUnknownCredential", unknown);
  tell("signalAllAcceptedCredentials", accepted);
  tell("signalCurrentUserDetails", details);
}
