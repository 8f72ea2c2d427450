//! What is on disk: the data folder with its keys, and the database. Made at the first start, found at every later one, and never
//! silently made again.

mod error;
mod examine;
mod files;
mod open;
mod ring;
mod serving;

pub use error::OpenError;
pub use open::Installation;
pub use ring::{KeyRing, Retired, RingError};
pub use serving::{Reached, Running, Serving, running};
