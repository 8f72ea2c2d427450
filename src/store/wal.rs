//! Whether a `-wal` belongs to the database beside it, as far as SQLite's file formats tell. SQLite itself does not ask: it writes any
//! `-wal` that is whole into whatever database lies beside it. (<https://sqlite.org/fileformat2.html>)

use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read};
use std::path::Path;

const WAL_HEADER: usize = 32;
const FRAME_HEADER: usize = 24;
const DATABASE_HEADER: usize = 100;
/// The last bit of a header's first word says in which order the bytes of the checksums are.
const MAGIC: u32 = 0x377f_0682;

/// The first bytes of a database's first page.
type Header = [u8; DATABASE_HEADER];

/// `false`: the two can't be what one database left.
pub fn belongs_together(database: &Path, wal: &Path) -> io::Result<bool> {
    let mut header = [0; DATABASE_HEADER];
    match File::open(database)?.read_exact(&mut header) {
        Ok(()) => {}
        // SQLite finds the words for a file that is too short.
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(true),
        Err(error) => return Err(error),
    }
    Ok(match read(BufReader::new(File::open(wal)?))? {
        Some(wal) => wal.fits(&header),
        None => true,
    })
}

/// What the committed part of a `-wal` says of the database.
struct Wal {
    page_size: u32,
    /// In pages, after the last commit.
    size: u32,
    /// The headers in the first and in the last change of the first page, if it was changed.
    headers: Option<(Header, Header)>,
}

impl Wal {
    fn fits(&self, database: &Header) -> bool {
        // 65536 does not fit into the field and is written as 1.
        let page_size = match u16::from_be_bytes([database[16], database[17]]) {
            1 => 65_536,
            size => u32::from(size),
        };
        let counts_on = self.headers.is_none_or(|(first, last)| {
            // The changes begin where the database stood, or it has taken up some of them already.
            let (database, first, last) = (counter(database), counter(&first), counter(&last));
            first <= database.saturating_add(1) && database <= last
        });
        // A change of size changes the first page too, so whatever is its newest copy knows the size.
        let newest = self.headers.map_or(*database, |(_, last)| last);
        let knows_size = counter(&newest) == word(&newest, 92);
        page_size == self.page_size && counts_on && (!knows_size || word(&newest, 28) == self.size)
    }
}

/// Counts the changes of the first page.
fn counter(header: &Header) -> u32 {
    word(header, 24)
}

fn word(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|word| word.try_into().ok()).map_or(0, u32::from_be_bytes)
}

/// `None`: nothing in it was committed, or it is no `-wal`, and SQLite will ignore it.
fn read(mut wal: impl Read) -> io::Result<Option<Wal>> {
    let mut header = [0; WAL_HEADER];
    if !fill(&mut wal, &mut header)? || word(&header, 0) & !1 != MAGIC {
        return Ok(None);
    }
    let mut sum = Checksum { is_big_endian: word(&header, 0) & 1 == 1, words: (0, 0) };
    sum.add(&header[..24]);
    let page_size = word(&header, 8);
    if sum.words != (word(&header, 24), word(&header, 28)) || !(512..=65_536).contains(&page_size) {
        return Ok(None);
    }
    let mut frame = vec![0; FRAME_HEADER + page_size as usize];
    let (mut found, mut headers) = (None, None);
    while fill(&mut wal, &mut frame)? {
        sum.add(&frame[..8]);
        sum.add(&frame[FRAME_HEADER..]);
        // What follows is left of an earlier use of the file, or was not written to its end.
        if frame[8..16] != header[16..24] || sum.words != (word(&frame, 16), word(&frame, 20)) {
            break;
        }
        let (page, size) = (word(&frame, 0), word(&frame, 4));
        if page == 1
            && let Some(last) = frame[FRAME_HEADER..].first_chunk()
        {
            let first = headers.map_or(*last, |(first, _)| first);
            headers = Some((first, *last));
        }
        // Only the last frame of a commit tells the size.
        if size > 0 {
            found = Some(Wal { page_size, size, headers });
        }
    }
    Ok(found)
}

/// Fills the buffer; `false`: the file ends before.
fn fill(file: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match file.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

struct Checksum {
    is_big_endian: bool,
    words: (u32, u32),
}

impl Checksum {
    fn add(&mut self, bytes: &[u8]) {
        let (mut first, mut second) = self.words;
        for pair in bytes.chunks_exact(8) {
            let word = |at: usize| {
                let big = word(pair, at);
                if self.is_big_endian { big } else { big.swap_bytes() }
            };
            first = first.wrapping_add(word(0)).wrapping_add(second);
            second = second.wrapping_add(word(4)).wrapping_add(first);
        }
        self.words = (first, second);
    }
}
