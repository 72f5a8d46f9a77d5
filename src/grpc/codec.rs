//! The codec of the contract's messages: prost, with buffers that fit an event. The library's own start at 8 KiB, one
//! for each direction of each stream, and thousands of streams wait with a token or two in them.

use std::marker::PhantomData;

use tonic::codec::{BufferSettings, Codec};
use tonic_prost::ProstCodec;

/// Where buffers start; they grow with what they hold.
const BUFFER_BYTES: usize = 1024;
/// Ready messages that are sent together at most.
const YIELD_BYTES: usize = 32 * 1024;

/// Encodes `T` and decodes `U`.
pub struct EventCodec<T, U>(PhantomData<(T, U)>);

impl<T, U> Default for EventCodec<T, U> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T, U> Codec for EventCodec<T, U>
where
    T: prost::Message + Send + 'static,
    U: prost::Message + Default + Send + 'static,
{
    type Encode = T;
    type Decode = U;
    type Encoder = <ProstCodec<T, U> as Codec>::Encoder;
    type Decoder = <ProstCodec<T, U> as Codec>::Decoder;

    fn encoder(&mut self) -> Self::Encoder {
        ProstCodec::<T, U>::raw_encoder(BufferSettings::new(BUFFER_BYTES, YIELD_BYTES))
    }

    fn decoder(&mut self) -> Self::Decoder {
        ProstCodec::<T, U>::raw_decoder(BufferSettings::new(BUFFER_BYTES, YIELD_BYTES))
    }
}
