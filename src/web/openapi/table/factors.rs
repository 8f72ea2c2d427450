//! One's own second factors.

use serde_json::json;

use crate::web::http::replies::Message;
use crate::web::openapi::access::Access;
use crate::web::openapi::operation::{Operation, delete, get, post};
use crate::web::rooms::account::add_totp::{AddTotp, AddedTotp, CodeJson, NewTotpShown};
use crate::web::rooms::account::factors::Factors;
use crate::web::rooms::account::recovery_codes::NewRecoveryCodes;
use crate::web::rooms::account::rename_factor::RenameJson;

pub(in crate::web::openapi) fn operations() -> Vec<Operation> {
    vec![
        get("/account/factors", "factors", "One’s own second factors")
            .by(Access::USER)
            .answers::<Factors<'_>>(200, "Those that count, and how many recovery codes are left.")
            .and_browsers(),
        post("/account/factors/totp", "add_totp", "Set up an authenticator app")
            .by(Access::FACTOR)
            .may_take::<AddTotp>(&[])
            .example(json!({ "name": "Phone" }))
            .answers::<NewTotpShown>(200, "It does not count until a code of it was confirmed.")
            .such_as(json!({
                "id": 1,
                "secret": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
                "otpauth": "otpauth://totp/Portero:ana?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Portero",
            }))
            .errors(&[409])
            .and_browsers(),
        post("/account/factors/totp/{id}/confirm", "confirm_totp", "Confirm an authenticator app")
            .by(Access::FACTOR)
            .takes::<CodeJson>()
            .answers::<AddedTotp>(200, "It counts.")
            .errors(&[429])
            .and_browsers(),
        post("/account/factors/recovery-codes", "new_recovery_codes", "Get new recovery codes")
            .by(Access::FACTOR)
            .answers::<NewRecoveryCodes>(200, "Ten new codes. The old ones are void.")
            .errors(&[404])
            .and_browsers(),
        post("/account/factors/{id}/rename", "rename_factor", "Rename a second factor")
            .by(Access::FACTOR)
            .takes::<RenameJson>()
            .example(json!({ "name": "Old phone" }))
            .answers::<Message<'_>>(200, "It is called so from now on.")
            .such_as(json!({ "msg": "Second factor renamed" }))
            .and_browsers(),
        delete("/account/factors/{id}", "remove_factor", "Remove a second factor")
            .by(Access::FACTOR)
            .answers::<Message<'_>>(200, "It counts no longer.")
            .errors(&[409]),
    ]
}
