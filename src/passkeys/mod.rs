//! The ceremonies of passkeys (WebAuthn Level 3): what a browser is asked, and whether its answer is a good one. The only webauthn-rs. Whose a passkey
//! is, which challenges were answered, and what its count was before, is left to others.
//!
//! That library leaves out some of what the specification asks for, or holds it more loosely; `strict.rs` asks for it before the library does:
//! the origin to the letter, no frame of another site, nothing behind the authenticator's data, ids of at most 1,023 bytes. Attestation
//! statements are ignored: Portero asks for none and trusts nobody's.

pub mod strict;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;
use url::{Host, Url};
use uuid::Uuid;
use webauthn_rs::prelude::{
    Credential, DiscoverableAuthentication, Passkey, PasskeyRegistration, Webauthn, WebauthnBuilder, WebauthnError,
};

use strict::{Answer, Ceremony};

/// For how long a browser asks its person, and for how long an answer is taken, in seconds.
pub const LIFE: i64 = 5 * 60;

/// Why there can be no passkeys at an address. Browsers say so, not Portero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotHere {
    /// It is plain http, and not `localhost`.
    PlainHttp,
    /// It has no name, only a number.
    NoName,
}

/// Why an answer is refused; for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("unreadable")]
    Unreadable,
    #[error("other_origin")]
    OtherOrigin,
    #[error("framed")]
    Framed,
    #[error("other_challenge")]
    OtherChallenge,
    #[error("other_host")]
    OtherHost,
    #[error("not_verified")]
    NotVerified,
    #[error("other_ceremony")]
    OtherCeremony,
    #[error("not_discoverable")]
    NotDiscoverable,
    #[error("bad_signature")]
    BadSignature,
    #[error("other_person")]
    OtherPerson,
    #[error("backup_flags")]
    BackupFlags,
    #[error("algorithm")]
    Algorithm,
    #[error("refused")]
    Other,
}

impl From<WebauthnError> for Refusal {
    fn from(error: WebauthnError) -> Self {
        match error {
            WebauthnError::InvalidClientDataType => Self::OtherCeremony,
            WebauthnError::MismatchedChallenge => Self::OtherChallenge,
            WebauthnError::InvalidRPOrigin => Self::OtherOrigin,
            WebauthnError::CredentialCrossOrigin => Self::Framed,
            WebauthnError::InvalidRPIDHash => Self::OtherHost,
            WebauthnError::UserNotPresent | WebauthnError::UserNotVerified => Self::NotVerified,
            WebauthnError::AuthenticationFailure => Self::BadSignature,
            WebauthnError::CredentialBackupEligibilityInconsistent | WebauthnError::CredentialMayNotBeHardwareBound => {
                Self::BackupFlags
            }
            WebauthnError::CredentialAlteredAlgFromRequest => Self::Algorithm,
            WebauthnError::ParseCBORFailure(_)
            | WebauthnError::ParseJSONFailure(_)
            | WebauthnError::ParseNOMFailure => Self::Unreadable,
            _ => Self::Other,
        }
    }
}

/// The ceremonies at one address.
#[derive(Debug)]
pub struct Passkeys {
    webauthn: Webauthn,
    host: String,
    origin: String,
}

/// A ceremony that has begun.
pub struct Begun {
    /// What the browser is asked, as JSON with bytes in Base64url. (`PublicKeyCredentialCreationOptionsJSON`, or `…RequestOptionsJSON`)
    pub options: String,
    /// What is needed to check the answer, for nobody to change.
    pub state: String,
}

/// For whom a passkey is made, as the browser shows them.
pub struct Person<'a> {
    /// Never the name: an authenticator may tell it to whoever holds it.
    pub handle: Uuid,
    pub name: &'a str,
    pub display_name: &'a str,
}

/// A passkey whose registration was good.
pub struct NewPasskey {
    /// In Base64url.
    pub credential_id: String,
    /// For [`Passkeys::check_use`].
    pub stored: String,
    pub counter: i64,
    pub may_be_copied: bool,
    pub backed_up: bool,
    /// What the authenticator says it is. Nothing proves it.
    pub model: Uuid,
}

/// A use that was good, but for its count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GoodUse {
    pub counter: i64,
    pub backed_up: bool,
}

/// What is kept of a registration.
#[derive(Serialize, Deserialize)]
struct Registration {
    #[serde(flatten)]
    library: PasskeyRegistration,
}

impl Passkeys {
    /// `site_name`: as the browser's dialog says it.
    pub fn at(address: &Url, site_name: &str) -> Result<Self, NotHere> {
        let Some(Host::Domain(host)) = address.host() else { return Err(NotHere::NoName) };
        let is_local = host == "localhost" || host.ends_with(".localhost");
        if address.scheme() != "https" && !is_local {
            return Err(NotHere::PlainHttp);
        }
        let webauthn = WebauthnBuilder::new(host, address)
            .and_then(|builder| builder.rp_name(site_name).timeout(Duration::from_secs(LIFE.unsigned_abs())).build())
            .map_err(|_| NotHere::NoName)?;
        Ok(Self { webauthn, host: host.to_owned(), origin: address.origin().ascii_serialization() })
    }

    /// The host whose passkeys these are.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The address at which they work, as browsers write it.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Begins to make a passkey. `known`: the person's own, by their ids; an authenticator that has one of them makes no other.
    pub fn begin_registration(&self, person: &Person<'_>, known: &[String]) -> Result<Begun, Refusal> {
        let known: Vec<Vec<u8>> = known.iter().filter_map(|id| strict::from_base64(id)).collect();
        let begun =
            self.webauthn.start_passkey_registration(person.handle, person.name, person.display_name, Some(known));
        let (asked, state) = begun?;
        let mut options = json(&asked.public_key)?;
        // The library leaves it to the authenticator whether a passkey can be found without a name. Portero's sign-in needs that.
        options["authenticatorSelection"] =
            json!({ "residentKey": "required", "requireResidentKey": true, "userVerification": "required" });
        options["extensions"] = json!({
            "credProps": true,
            "credentialProtectionPolicy": "userVerificationRequired",
            "enforceCredentialProtectionPolicy": false,
        });
        Ok(Begun { options: options.to_string(), state: json(&Registration { library: state })?.to_string() })
    }

    /// Checks the answer to [`begin_registration`](Self::begin_registration).
    pub fn finish_registration(&self, state: &str, answer: &Answer) -> Result<NewPasskey, Refusal> {
        let Registration { library } = serde_json::from_str(state).map_err(|_| Refusal::Unreadable)?;
        let new = answer.registration(&self.origin)?;
        let registered = serde_json::from_value(json!({
            "id": answer.credential_id,
            "rawId": answer.credential_id,
            "type": "public-key",
            "response": {
                "attestationObject": strict::to_base64(&strict::without_attestation(new.authenticator_data)),
                "clientDataJSON": strict::to_base64(&answer.client_data),
            },
        }))
        .map_err(|_| Refusal::Unreadable)?;
        let passkey = self.webauthn.finish_passkey_registration(&registered, &library)?;
        let credential: Credential = passkey.into();
        if strict::to_base64(credential.cred_id.as_slice()) != answer.credential_id {
            return Err(Refusal::Unreadable);
        }
        let (counter, may_be_copied, backed_up) =
            (credential.counter, credential.backup_eligible, credential.backup_state);
        // Whether the count has gone back is decided where it is stored.
        let stored = Passkey::from(Credential { counter: 0, ..credential });
        Ok(NewPasskey {
            credential_id: answer.credential_id.clone(),
            stored: json(&stored)?.to_string(),
            counter: counter.into(),
            may_be_copied,
            backed_up,
            model: new.model,
        })
    }

    /// Begins a use. `allowed`: the ids of the passkeys that will do; none: whichever the person has here.
    pub fn begin_use(&self, allowed: &[String]) -> Result<Begun, Refusal> {
        let (asked, state) = self.webauthn.start_discoverable_authentication()?;
        let mut options = json(&asked.public_key)?;
        let allowed: Vec<_> = allowed.iter().map(|id| json!({ "type": "public-key", "id": id })).collect();
        options["allowCredentials"] = allowed.into();
        if let Some(options) = options.as_object_mut() {
            options.remove("extensions");
        }
        Ok(Begun { options: options.to_string(), state: json(&state)?.to_string() })
    }

    /// Checks the answer to [`begin_use`](Self::begin_use). `stored`: what the registration gave for the passkey with the answer's id.
    /// `handle`: that of the person whose it is. Leaves the count to the caller.
    pub fn check_use(&self, state: &str, answer: &Answer, stored: &str, handle: Uuid) -> Result<GoodUse, Refusal> {
        let state: DiscoverableAuthentication = serde_json::from_str(state).map_err(|_| Refusal::Unreadable)?;
        let passkey: Passkey = serde_json::from_str(stored).map_err(|_| Refusal::Unreadable)?;
        let Ceremony::Use { authenticator_data, signature, user_handle } = &answer.ceremony else {
            return Err(Refusal::Unreadable);
        };
        answer.check_use(&self.origin)?;
        // Where ids are named, an authenticator may leave the person out; then the passkey's id says whose it is.
        if user_handle.as_ref().is_some_and(|told| told != handle.as_bytes()) {
            return Err(Refusal::OtherPerson);
        }
        let used = serde_json::from_value(json!({
            "id": answer.credential_id,
            "rawId": answer.credential_id,
            "type": "public-key",
            "response": {
                "authenticatorData": strict::to_base64(authenticator_data),
                "clientDataJSON": strict::to_base64(&answer.client_data),
                "signature": strict::to_base64(signature),
                "userHandle": null,
            },
        }))
        .map_err(|_| Refusal::Unreadable)?;
        let result = self.webauthn.finish_discoverable_authentication_v2(&used, state, &passkey)?;
        Ok(GoodUse { counter: result.counter().into(), backed_up: result.backup_state() })
    }
}

fn json(value: &impl Serialize) -> Result<serde_json::Value, Refusal> {
    serde_json::to_value(value).map_err(|_| Refusal::Other)
}
