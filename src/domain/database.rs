//! Where the database is.

use std::fmt;
use std::path::{Path, PathBuf};

/// What the setting `database_url` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// An SQLite file.
    Sqlite(PathBuf),
    /// A database of a PostgreSQL server.
    Postgres(Box<PostgresUrl>),
}

impl DatabaseUrl {
    /// The SQLite file. `None`: there is no file.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::Sqlite(path) => Some(path),
            Self::Postgres(_) => None,
        }
    }
}

/// As people are told of it: without a password.
impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => path.display().fmt(f),
            Self::Postgres(url) => url.fmt(f),
        }
    }
}

/// How a PostgreSQL server is reached. What is `None` is what libpq takes for it: the socket of this machine, port 5432, the system's user.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct PostgresUrl {
    /// A name, an address, or the folder of a socket.
    pub host: Option<String>,
    /// `None`: 5432.
    pub port: Option<u16>,
    /// A role of the server.
    pub user: Option<String>,
    /// `None`: the server asks for none, or it stands in a file that libpq knows.
    pub password: Option<String>,
    /// Its name on the server.
    pub database: String,
    /// A file with the certificates that may vouch for the server. `None`: its certificate is not looked at.
    pub root_certificates: Option<PathBuf>,
}

impl fmt::Display for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("postgres://")?;
        if let Some(user) = &self.user {
            write!(f, "{user}@")?;
        }
        match self.host.as_deref() {
            Some(address) if address.contains(':') => write!(f, "[{address}]")?,
            Some(host) => f.write_str(host)?,
            None => {}
        }
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        write!(f, "/{}", self.database)
    }
}

/// The same: the password stays a secret.
impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
