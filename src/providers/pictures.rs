//! Which pictures and documents a provider takes as bytes.

use std::borrow::Cow;

use crate::domain::media_type::{PDF, is_same};

/// Any type of picture.
pub const ANY_PICTURE: &str = "image/*";

/// The types that nearly everybody takes who takes pictures, as a dialect has them.
pub const USUAL: &[Cow<'static, str>] =
    &[Cow::Borrowed("image/png"), Cow::Borrowed("image/jpeg"), Cow::Borrowed("image/webp"), Cow::Borrowed("image/gif")];

/// A media type a provider takes, and how large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken<'a> {
    pub mime_type: &'a str,
    /// `None` is unknown.
    pub max_bytes: Option<usize>,
}

impl<'a> Taken<'a> {
    /// Returns the provider's name for a type that it takes.
    pub fn name_of(self, mime_type: &'a str) -> &'a str {
        if self.mime_type == ANY_PICTURE { mime_type } else { self.mime_type }
    }
}

/// What a provider takes of pictures and PDF, all else aside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pictures<'a>(pub Vec<Taken<'a>>);

impl<'a> Pictures<'a> {
    /// Pictures of these types; any when there are none.
    pub fn of(types: impl IntoIterator<Item = &'a str>, max_bytes: Option<usize>) -> Self {
        let mut taken: Vec<_> = types.into_iter().map(|mime_type| Taken { mime_type, max_bytes }).collect();
        if taken.is_empty() {
            taken.push(Taken { mime_type: ANY_PICTURE, max_bytes });
        }
        Self(taken)
    }

    /// The same, and PDF if the provider takes it.
    pub fn and_pdf(mut self, taken: bool, max_bytes: Option<usize>) -> Self {
        self.0.extend(taken.then_some(Taken { mime_type: PDF, max_bytes }));
        self
    }

    /// Returns what is known of a type that is taken.
    pub fn find(&self, mime_type: &str) -> Option<Taken<'a>> {
        let is_picture = mime_type.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("image/"));
        let matches =
            |taken: &&Taken<'_>| is_same(taken.mime_type, mime_type) || (taken.mime_type == ANY_PICTURE && is_picture);
        self.0.iter().find(matches).copied()
    }

    /// Whether a type is listed by exactly this name.
    pub fn knows(&self, mime_type: &str) -> bool {
        self.0.iter().any(|taken| taken.mime_type == mime_type)
    }

    /// Lists the types, each under one name.
    pub fn list(&self) -> String {
        let mut names: Vec<&str> = Vec::with_capacity(self.0.len());
        for taken in &self.0 {
            if !names.iter().any(|name| is_same(name, taken.mime_type)) {
                names.push(taken.mime_type);
            }
        }
        names.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_found_by_any_of_their_names() {
        let some = Pictures::of(["image/jpeg", "image/jpg", "image/png"], Some(5)).and_pdf(true, Some(7));
        let any = Pictures::of([], None).and_pdf(false, None);
        let cases = [
            (&some, "image/jpg", Some(Some(5))),
            (&some, "IMAGE/PNG", Some(Some(5))),
            (&some, PDF, Some(Some(7))),
            (&some, "image/webp", None),
            (&any, "image/webp", Some(None)),
            (&any, PDF, None),
            (&any, "text/plain", None),
        ];
        for (pictures, mime_type, want) in cases {
            assert_eq!(pictures.find(mime_type).map(|taken| taken.max_bytes), want, "{mime_type}");
        }
        assert_eq!(some.list(), "image/jpeg, image/png, application/pdf");
    }
}
