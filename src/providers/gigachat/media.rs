//! Pictures, sound and documents. The provider takes none of them in a message: each is uploaded and named by its id.

use std::borrow::Cow;

use bytes::Bytes;

use super::wire::Attachment;
use crate::{
    domain::chat::{Audio, File, Image, MediaSource},
    providers::{
        adapter::{EncodeError, Upload},
        pictures::Pictures,
        place::Place,
        warnings::Warnings,
    },
};

/// Most pictures of a request.
const MAX_IMAGES: usize = 10;
/// Most bytes of a request's pictures and sounds together.
const MAX_SEEN_AND_HEARD: usize = 80 * MB;
const MB: usize = 1 << 20;
/// Longest name of a file that is passed on.
const MAX_FILENAME: usize = 200;

/// A kind of file: which the provider takes and how large one may be.
#[derive(Debug)]
struct Kind {
    /// What its files are called when they have no name.
    name: &'static str,
    max_bytes: usize,
    /// Media types with the endings of their files.
    types: &'static [(&'static str, &'static str)],
}

const IMAGE: Kind = Kind {
    name: "image",
    max_bytes: 15 * MB,
    types: &[("image/jpeg", "jpg"), ("image/png", "png"), ("image/tiff", "tiff"), ("image/bmp", "bmp")],
};

const AUDIO: Kind = Kind {
    name: "audio",
    max_bytes: 35 * MB,
    types: &[
        ("audio/mp3", "mp3"),
        ("audio/mp4", "mp4"),
        ("audio/x-m4a", "m4a"),
        ("audio/wav", "wav"),
        ("audio/x-wav", "wav"),
        ("audio/wave", "wav"),
        ("audio/x-pn-wav", "wav"),
        ("audio/webm", "webm"),
        ("audio/x-ogg", "ogg"),
        ("audio/opus", "opus"),
    ],
};

const DOCUMENT: Kind = Kind {
    name: "file",
    max_bytes: 40 * MB,
    types: &[
        ("text/plain", "txt"),
        ("application/pdf", "pdf"),
        ("application/msword", "doc"),
        ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"),
        ("application/epub+zip", "epub"),
        ("application/vnd.ms-powerpoint", "ppt"),
        ("application/vnd.openxmlformats-officedocument.presentationml.presentation", "pptx"),
    ],
};

/// Returns what the provider takes of pictures and PDF.
pub fn pictures() -> Pictures<'static> {
    let types = IMAGE.types.iter().map(|(name, _)| *name);
    Pictures::of(types, Some(IMAGE.max_bytes)).and_pdf(true, Some(DOCUMENT.max_bytes))
}

/// Other names of types the provider takes.
const SYNONYMS: &[(&str, &str)] = &[
    ("image/jpg", "image/jpeg"),
    ("image/x-ms-bmp", "image/bmp"),
    ("audio/mpeg", "audio/mp3"),
    ("audio/m4a", "audio/x-m4a"),
    ("audio/ogg", "audio/x-ogg"),
    ("audio/vnd.wave", "audio/wav"),
];

/// The files of a request.
#[derive(Debug, Default)]
pub struct Uploads {
    pub files: Vec<Upload>,
    images: usize,
    images_of_message: usize,
    documents: usize,
    seen_and_heard: usize,
}

impl Uploads {
    pub fn begin_message(&mut self) {
        self.images_of_message = 0;
    }

    pub fn image<'a>(&mut self, image: &'a Image, place: Place) -> Result<Attachment<'a>, EncodeError> {
        self.count_image(place, "image")?;
        self.attachment(&image.source, &[IMAGE], "", place, "image.source")
    }

    pub fn audio<'a>(&mut self, audio: &'a Audio, place: Place) -> Result<Attachment<'a>, EncodeError> {
        match &audio.source {
            Some(source) => self.attachment(source, &[AUDIO], "", place, "audio.source"),
            None => Err(place.refuse("audio.audio_id", "the provider keeps no sound")),
        }
    }

    /// Takes a file of any kind: its media type tells which.
    pub fn file<'a>(
        &mut self,
        file: &'a File,
        place: Place,
        warnings: &mut Warnings,
    ) -> Result<Attachment<'a>, EncodeError> {
        if let MediaSource::Data { mime_type, .. } = &file.source {
            let mime_type = essence(mime_type);
            if IMAGE.ending(&mime_type).is_some() {
                self.count_image(place, "file")?;
            }
            self.documents += usize::from(DOCUMENT.ending(&mime_type).is_some());
            if self.documents > 1 {
                warnings.rewritten(place.field("file"), "of several documents the provider reads the first only");
            }
        }
        self.attachment(&file.source, &[DOCUMENT, IMAGE, AUDIO], &file.filename, place, "file.source")
    }

    fn count_image(&mut self, place: Place, member: &str) -> Result<(), EncodeError> {
        self.images += 1;
        self.images_of_message += 1;
        if self.images_of_message > 1 {
            return Err(place.refuse(member, "the provider takes one picture a message"));
        }
        if self.images > MAX_IMAGES {
            return Err(place.refuse(member, format!("the provider takes {MAX_IMAGES} pictures a request")));
        }
        Ok(())
    }

    fn attachment<'a>(
        &mut self,
        source: &'a MediaSource,
        kinds: &[Kind],
        filename: &str,
        place: Place,
        member: &str,
    ) -> Result<Attachment<'a>, EncodeError> {
        let refuse = |name: &str, message: String| Err(place.refuse(&format!("{member}.{name}"), message));
        let (mime_type, data) = match source {
            MediaSource::FileId(id) if id.is_empty() => return refuse("file_id", "the id is empty".to_owned()),
            MediaSource::FileId(id) => return Ok(Attachment::File(Cow::Borrowed(id))),
            MediaSource::Url { .. } => return refuse("url", "the provider fetches nothing; send the bytes".to_owned()),
            MediaSource::Data { mime_type, data } => (essence(mime_type), data),
        };
        let found = kinds.iter().find_map(|kind| kind.ending(&mime_type).map(|ending| (kind, ending)));
        let Some((kind, ending)) = found else {
            let known: Vec<_> = kinds.iter().flat_map(|kind| kind.types).map(|(name, _)| *name).collect();
            return refuse("mime_type", format!("the provider takes only {}", known.join(", ")));
        };
        if data.len() > kind.max_bytes {
            return refuse("data", format!("the provider takes up to {} MB", kind.max_bytes / MB));
        }
        let filename = match filename.char_indices().nth(MAX_FILENAME) {
            Some((end, _)) => &filename[..end],
            None => filename,
        };
        let filename = if filename.is_empty() { format!("{}.{ending}", kind.name) } else { filename.to_owned() };
        let upload = Upload { filename, mime_type, data: Bytes::clone(data) };
        let known = self.files.iter().position(|file| *file == upload);
        if known.is_none() && kind.name != DOCUMENT.name {
            self.seen_and_heard += data.len();
            if self.seen_and_heard >= MAX_SEEN_AND_HEARD {
                let most = MAX_SEEN_AND_HEARD / MB;
                return refuse("data", format!("pictures and sounds of a request stay below {most} MB together"));
            }
        }
        Ok(Attachment::Upload(known.unwrap_or_else(|| {
            self.files.push(upload);
            self.files.len() - 1
        })))
    }
}

impl Kind {
    /// Returns the ending of such files, if they are of this kind.
    fn ending(&self, mime_type: &str) -> Option<&'static str> {
        self.types.iter().find(|(name, _)| *name == mime_type).map(|(_, ending)| *ending)
    }
}

/// Returns a media type without parameters, by the name the provider knows.
fn essence(mime_type: &str) -> String {
    let name = mime_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let synonym = SYNONYMS.iter().find(|(other, _)| *other == name).map(|(_, known)| (*known).to_owned());
    synonym.unwrap_or(name)
}
