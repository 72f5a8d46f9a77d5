//! Writes `multipart/form-data` for one file.

use bytes::Bytes;
use http::HeaderValue;

use super::pieces::{Piece, Pieces};
use crate::providers::adapter::Upload;

/// Returns the content type and the body of a form: its plain fields, then the file in the part `file`.
pub(super) fn encode(fields: &[(&str, &str)], file: &Upload) -> (HeaderValue, Pieces) {
    let boundary = uuid::Uuid::new_v4().simple().to_string();
    let mut head = String::new();
    for (name, value) in fields {
        head += &format!("--{boundary}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    }
    head += &format!(
        "--{boundary}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{}\"\r\ncontent-type: {}\r\n\r\n",
        filename(&file.filename),
        mime_type(&file.mime_type),
    );
    let tail = format!("\r\n--{boundary}--\r\n");
    let body = [Bytes::from(head), file.data.clone(), Bytes::from(tail)].map(Piece::AsIs);
    let kind = HeaderValue::try_from(format!("multipart/form-data; boundary={boundary}"));
    (kind.unwrap_or(HeaderValue::from_static("multipart/form-data")), Pieces::new(body))
}

/// Escapes what would end the quotes or the line, the way browsers do.
fn filename(name: &str) -> String {
    let name = name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A");
    if name.is_empty() { "file".to_owned() } else { name }
}

/// A type is `word/word` and no more: what follows a line break would be a header.
fn mime_type(text: &str) -> &str {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/.+-_".contains(c);
    if !text.is_empty() && text.chars().all(plain) { text } else { "application/octet-stream" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upstream::pieces::sent;

    #[tokio::test]
    async fn fields_and_file_become_parts() {
        let check = async |filename: &str, mime_type: &str, disposition: &str, kind: &str| {
            let file = Upload { filename: filename.into(), mime_type: mime_type.into(), data: "a\r\nb".into() };
            let (header, body) = encode(&[("purpose", "general")], &file);
            let boundary = header.to_str().unwrap().strip_prefix("multipart/form-data; boundary=").unwrap().to_owned();
            let wanted = format!(
                "--B\r\ncontent-disposition: form-data; name=\"purpose\"\r\n\r\ngeneral\r\n--B\r\n\
                 content-disposition: form-data; name=\"file\"; filename=\"{disposition}\"\r\n\
                 content-type: {kind}\r\n\r\na\r\nb\r\n--B--\r\n"
            );
            assert_eq!(String::from_utf8(sent(body).await).unwrap().replace(&boundary, "B"), wanted);
        };
        check("cat.png", "image/png", "cat.png", "image/png").await;
        check("кот.png", "image/svg+xml", "кот.png", "image/svg+xml").await;
        check("a\"; x=\"\r\nb", "text/plain\r\nx: y", "a%22; x=%22%0D%0Ab", "application/octet-stream").await;
        check("", "", "file", "application/octet-stream").await;
    }
}
