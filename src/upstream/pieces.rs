//! A body that is sent piece by piece: what is base64 in it is written on the way, a little at a time.

use std::{
    collections::VecDeque,
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http_body::{Frame, SizeHint};

use crate::providers::adapter::Encoded;

/// Bytes that become base64 at once. A multiple of three, so that there is padding at the end only.
const AT_ONCE: usize = 48 << 10;

#[derive(Clone, Debug)]
pub(super) enum Piece {
    AsIs(Bytes),
    Base64(Bytes),
}

/// What is left to send.
#[derive(Clone, Debug)]
pub(super) struct Pieces(VecDeque<Piece>);

impl Pieces {
    pub(super) fn new(pieces: impl IntoIterator<Item = Piece>) -> Self {
        Self(pieces.into_iter().filter(|piece| piece.size() > 0).collect())
    }

    /// The body of a request with its media in their places.
    pub(super) fn of(encoded: &Encoded) -> Self {
        let (mut rest, mut from, mut pieces) = (encoded.body.clone(), 0, Vec::new());
        for inserted in &encoded.media {
            let before = inserted.at.saturating_sub(from).min(rest.len());
            pieces.push(Piece::AsIs(rest.split_to(before)));
            pieces.push(Piece::Base64(inserted.data.clone()));
            from += before;
        }
        pieces.push(Piece::AsIs(rest));
        Self::new(pieces)
    }
}

impl Piece {
    fn size(&self) -> u64 {
        match self {
            Self::AsIs(data) => data.len() as u64,
            Self::Base64(data) => data.len().div_ceil(3) as u64 * 4,
        }
    }
}

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let Some(piece) = self.0.pop_front() else { return Poll::Ready(None) };
        let bytes = match piece {
            Piece::AsIs(data) => data,
            Piece::Base64(mut data) => {
                let now = data.split_to(data.len().min(AT_ONCE));
                if !data.is_empty() {
                    self.0.push_front(Piece::Base64(data));
                }
                Bytes::from(STANDARD.encode(now))
            }
        };
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.iter().map(Piece::size).sum())
    }
}

/// Sends everything, and checks that the size told before is the size sent.
#[cfg(test)]
pub(super) async fn sent(mut pieces: Pieces) -> Vec<u8> {
    use http_body::Body as _;
    let size = pieces.size_hint().exact();
    let mut all = Vec::new();
    while let Some(frame) = std::future::poll_fn(|cx| Pin::new(&mut pieces).poll_frame(cx)).await {
        all.extend_from_slice(&frame.unwrap().into_data().unwrap());
    }
    assert!(pieces.is_end_stream());
    assert_eq!(size, Some(all.len() as u64));
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::media_text::Inserted;

    #[tokio::test]
    async fn media_stand_in_their_places() {
        for length in [0, 1, 2, 3, AT_ONCE - 1, AT_ONCE, AT_ONCE + 1, 3 * AT_ONCE + 2] {
            let data = Bytes::from((0..length).map(|n| n as u8).collect::<Vec<_>>());
            let media = vec![Inserted { at: 1, data: data.clone() }, Inserted { at: 3, data: data.clone() }];
            let encoded = Encoded { body: "[,,]".into(), media, ..Encoded::default() };
            let base64 = STANDARD.encode(&data);
            assert_eq!(sent(Pieces::of(&encoded)).await, format!("[{base64},,{base64}]").into_bytes(), "{length}");
        }
        let plain = Encoded { body: "{}".into(), ..Encoded::default() };
        assert_eq!(sent(Pieces::of(&plain)).await, b"{}");
        assert_eq!(sent(Pieces::new([])).await, b"");
    }
}
