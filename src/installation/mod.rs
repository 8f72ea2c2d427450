//! What is on disk: the data folder with its keys, and the database. Made at the first start, found at every later one, and never
//! silently made again.

mod archive;
mod backup;
mod derived;
mod error;
mod examine;
mod files;
mod key_store;
mod master_keys;
mod move_in;
#[cfg(feature = "postgres")]
mod move_to;
mod moved;
mod new_file;
mod open;
mod other_pepper;
mod restore;
mod ring;
mod ring_error;
mod ring_schedule;
mod serving;
mod temp_folder;

pub use archive::BackupError;
pub use backup::Made;
pub use error::OpenError;
pub use key_store::Retired;
pub use master_keys::master_key_names;
pub use move_in::{NotSealed, SealedAnew};
#[cfg(feature = "postgres")]
pub use move_to::{MoveFailure, Moved, NotRecorded};
pub use new_file::NewFile;
pub use open::Installation;
pub use other_pepper::other_peppers;
pub use restore::{Restore, note_restore};
pub use ring::{AppRings, KeyRing};
pub use ring_error::RingError;
pub use serving::{Reached, Running, Serving, running};
pub use temp_folder::TempFolder;
