//! Remembers how much of each piece of an answer the caller was told. Providers say everything up to four times: as
//! deltas, and whole when the piece, its item and the answer are done.

/// Which member of an item a piece is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    Refusal,
    Summary,
    Thinking,
    Arguments,
}

/// A piece that was begun.
#[derive(Debug)]
pub struct Piece {
    item: String,
    kind: Kind,
    part: u64,
    /// How much was told.
    pub bytes: usize,
    /// Code points of the answer's text before this piece.
    pub base: u32,
}

/// More pieces than any answer has.
const MAX_PIECES: usize = 4096;

#[derive(Debug, Default)]
pub struct Told {
    pieces: Vec<Piece>,
}

impl Told {
    /// Returns a piece, which begins at `position` if it is new; or nothing when there are too many.
    pub fn piece(&mut self, item: &str, kind: Kind, part: u64, position: u32) -> Option<&mut Piece> {
        let same = |piece: &Piece| piece.part == part && piece.kind == kind && piece.item == item;
        // It is nearly always the last one.
        let at = match self.pieces.iter().rposition(same) {
            Some(at) => at,
            None if self.pieces.len() == MAX_PIECES => return None,
            None => {
                self.pieces.push(Piece { item: item.to_owned(), kind, part, bytes: 0, base: position });
                self.pieces.len() - 1
            }
        };
        self.pieces.get_mut(at)
    }
}

impl Piece {
    /// Returns what of the whole piece was not told yet.
    pub fn rest<'a>(&self, whole: &'a str) -> &'a str {
        whole.get(self.bytes..).unwrap_or_default()
    }
}
