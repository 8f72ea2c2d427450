//! What is on disk: the data folder with its keys, and the database. Made at the first start, found at every later one, and never
//! silently made again.

mod archive;
mod backup;
mod error;
mod examine;
mod files;
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
#[cfg(feature = "postgres")]
pub use move_to::{MoveFailure, Moved, NotRecorded};
pub use new_file::NewFile;
pub use open::Installation;
pub use other_pepper::other_peppers;
pub use restore::{Restore, note_restore};
pub use ring::{AppRings, KeyRing, Retired};
pub use ring_error::RingError;
pub use serving::{Reached, Running, Serving, running};
pub use temp_folder::TempFolder;
