//! A text as a QR code, drawn by the server.

use fast_qr::{ECL, QRBuilder};

use crate::web::http::error::Error;

/// Modules of margin on each side, which scanners need.
const MARGIN: usize = 4;

/// Dark on light whatever the page's colours are: not every scanner reads it the other way round.
pub(in crate::web) fn svg(text: &str) -> Result<String, Error> {
    let code = QRBuilder::new(text).ecl(ECL::M).build();
    let code = code.map_err(|_| Error::Internal("the text is too long for a QR code".into()))?;
    let side = code.size + 2 * MARGIN;
    let mut dark = String::new();
    for y in 0..code.size {
        for (x, module) in code[y].iter().enumerate().take(code.size) {
            if module.value() {
                dark.push_str(&format!("M{} {}h1v1h-1z", x + MARGIN, y + MARGIN));
            }
        }
    }
    Ok(format!(
        "<svg class=\"qr\" viewBox=\"0 0 {side} {side}\" aria-hidden=\"true\"><path class=\"light\" d=\"M0 0h{side}v{side}h-{side}z\"/>\
         <path class=\"dark\" d=\"{dark}\"/></svg>"
    ))
}
