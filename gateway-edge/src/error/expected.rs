//! What is wrong with a JSON value, in the words of JSON. serde's own text repeats the value, which may be a secret or a
//! whole picture, and names our types.

/// Returns what was expected in place of a value of the wrong kind, or nothing where something else is wrong.
pub fn expected(error: &serde_json::Error) -> Option<String> {
    let text = without_place(error);
    let (_, wanted) = text.rsplit_once("expected ")?;
    Some(match wanted {
        "f32" | "f64" => "a number".to_owned(),
        "u8" | "u16" | "u32" | "u64" | "usize" => "an integer from 0".to_owned(),
        "i8" | "i16" | "i32" | "i64" | "isize" => "an integer".to_owned(),
        "a sequence" => "an array".to_owned(),
        "a map" | "a JSON object" => "an object".to_owned(),
        "unit" => "null".to_owned(),
        wanted if wanted.starts_with("struct ") => "an object".to_owned(),
        wanted => wanted.to_owned(),
    })
}

/// Returns the text of an error without line and column: the field is told by its path.
pub fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text).to_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::de::DeserializeOwned;

    use super::*;

    fn told<T: DeserializeOwned>(json: &str) -> Option<String> {
        expected(&serde_json::from_str::<T>(json).err().unwrap())
    }

    #[test]
    fn kinds_are_those_of_json() {
        #[derive(serde::Deserialize)]
        struct Body {
            #[serde(rename = "name")]
            _name: String,
        }
        for (found, want) in [
            (told::<f64>(r#""expected canary""#), "a number"),
            (told::<u32>("-1"), "an integer from 0"),
            (told::<i64>("1.5"), "an integer"),
            (told::<bool>("{}"), "a boolean"),
            (told::<String>("7"), "a string"),
            (told::<Vec<u8>>("{}"), "an array"),
            (told::<BTreeMap<String, u8>>("[]"), "an object"),
            (told::<Body>("7"), "an object"),
        ] {
            assert_eq!(found.as_deref(), Some(want));
        }
        assert_eq!(told::<Body>("{}"), None);
    }
}
