//! The language a caller asks for by `accept-language`. One source for both crates, as the catalogue is.

use http::{HeaderMap, header};

/// A language of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    En,
    Vi,
}

/// How many languages of a header are looked at. Browsers send up to ten.
const MOST: usize = 16;

impl Language {
    /// Returns the language of ours that the caller likes best; `None` when none was asked for.
    ///
    /// A range with a region stands for its language: `vi-VN` is Vietnamese. `*` asks for nothing in particular.
    pub fn asked(headers: &HeaderMap) -> Option<Self> {
        let values = headers.get_all(header::ACCEPT_LANGUAGE).iter().filter_map(|value| value.to_str().ok());
        let mut best = None;
        for range in values.flat_map(|value| value.split(',')).take(MOST) {
            let (tag, parameter) = range.split_once(';').unwrap_or((range, "q=1"));
            let (Some(language), Some(weight)) = (Self::of(tag.trim()), weight(parameter.trim())) else { continue };
            if weight > best.map_or(0, |(_, weight)| weight) {
                best = Some((language, weight));
            }
        }
        best.map(|(language, _)| language)
    }

    /// Reads a language tag by its first part.
    fn of(tag: &str) -> Option<Self> {
        let primary = tag.split('-').next().unwrap_or_default();
        [Self::En, Self::Vi].into_iter().find(|language| language.tag().eq_ignore_ascii_case(primary))
    }

    /// Returns the language as BCP 47 writes it.
    pub fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Vi => "vi",
        }
    }
}

/// Reads `q=0.5` in thousandths. A range with another parameter, or one that cannot be read, is passed over.
fn weight(parameter: &str) -> Option<u16> {
    let (name, value) = parameter.split_once('=')?;
    let value: f32 = value.trim().parse().ok()?;
    let is_weight = name.trim().eq_ignore_ascii_case("q") && (0.0..=1.0).contains(&value);
    is_weight.then_some((value * 1000.0) as u16)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn the_best_language_that_we_have_is_taken() {
        let many = format!("{}vi", "fr,".repeat(MOST));
        for (header, wanted) in [
            ("vi", Some(Language::Vi)),
            ("VI", Some(Language::Vi)),
            ("vi-VN,vi;q=0.9,en;q=0.5", Some(Language::Vi)),
            ("en-US,en;q=0.9,vi;q=0.8", Some(Language::En)),
            ("en;q=0.5, vi;q=0.7", Some(Language::Vi)),
            ("fr-FR, vi ; q=0.1", Some(Language::Vi)),
            ("vi, en", Some(Language::Vi)),
            ("en, vi", Some(Language::En)),
            ("vi;q=0, en;q=0.001", Some(Language::En)),
            ("vi;q=0", None),
            ("vi;q=2", None),
            ("vi;q=NaN", None),
            ("vi;q=", None),
            ("vi;v=1", None),
            ("fr", None),
            ("vie", None),
            ("*", None),
            ("", None),
            (",;,=", None),
            (many.as_str(), None),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT_LANGUAGE, HeaderValue::from_str(header).unwrap())]);
            assert_eq!(Language::asked(&headers), wanted, "{header}");
        }
        assert_eq!(Language::asked(&HeaderMap::new()), None);
    }
}
