//! Where a session stands in the lists that tell apps which sessions have ended. (Token Status List)

/// A list, by the database's number. Never given out twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StatusListId(pub i64);

/// The place of a session: which list, and which of its entries. One number, as the database keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StatusPlace(i64);

impl StatusListId {
    /// How many sessions a list has room for. A list is fetched whole: with one session in a hundred ended, a full one takes 19 kB.
    pub const PLACES: u32 = 1 << Self::PLACE_BITS;
    /// The bits of an index.
    pub const PLACE_BITS: u32 = 20;

    /// The place with this index. `index`: under [`PLACES`](Self::PLACES).
    pub fn place(self, index: u32) -> StatusPlace {
        StatusPlace((self.0 << Self::PLACE_BITS) | i64::from(index % Self::PLACES))
    }
}

impl StatusPlace {
    /// The place of a row in the database.
    pub fn stored(number: i64) -> Self {
        Self(number)
    }

    /// As the database keeps it.
    pub fn number(self) -> i64 {
        self.0
    }

    /// Its list.
    pub fn list(self) -> StatusListId {
        StatusListId(self.0 >> StatusListId::PLACE_BITS)
    }

    /// Its index there.
    #[expect(clippy::cast_possible_truncation, reason = "the remainder is small")]
    pub fn index(self) -> u32 {
        self.0.rem_euclid(i64::from(StatusListId::PLACES)) as u32
    }
}
