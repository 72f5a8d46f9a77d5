//! The authority of GigaChat's hosts, which no public store knows.
//!
//! `trust/russian_trusted_ca.pem` holds the Russian Trusted Root CA and its Russian Trusted Sub CA of 2024, both of the
//! Ministry of Digital Development of the Russian Federation, as published on <https://www.gosuslugi.ru/crt> (PEM:
//! <https://gu-st.ru/content/lending/russian_trusted_root_ca_pem.crt>). They were taken from several independent copies
//! that agree with each other and with the fingerprints below; the Sub CA is signed by the root.
//!
//! | subject | serial | valid | SHA-256 |
//! |---|---|---|---|
//! | Russian Trusted Root CA | 1000 | 2022-03-01 to 2032-02-27 | `D26D2D02…8ECF31` |
//! | Russian Trusted Sub CA | 1005 | 2024-07-15 to 2029-07-19 | `21557850…88A3F2` |

/// In PEM. Trusted for GigaChat's hosts only, beside the public authorities.
pub const AUTHORITIES: &[u8] = include_bytes!("trust/russian_trusted_ca.pem");

#[cfg(test)]
mod tests {
    use aws_lc_rs::digest::{SHA256, digest};
    use base64::{Engine as _, engine::general_purpose::STANDARD};

    use super::*;

    #[test]
    fn the_certificates_are_the_published_ones() {
        let pem = std::str::from_utf8(AUTHORITIES).unwrap();
        let bodies =
            pem.split("-----BEGIN CERTIFICATE-----").skip(1).map(|part| part.split("-----END").next().unwrap());
        let fingerprint = |body: &str| {
            let der = STANDARD.decode(body.split_whitespace().collect::<String>()).unwrap();
            digest(&SHA256, &der).as_ref().iter().map(|byte| format!("{byte:02X}")).collect::<String>()
        };
        let published = [
            "D26D2D0231B7C39F92CC738512BA54103519E4405D68B5BD703E9788CA8ECF31",
            "2155785036C900DBB5F1BB2A1569C80C55595BD6BF94867A29BBDDBC7D88A3F2",
        ];
        assert_eq!(bodies.map(fingerprint).collect::<Vec<_>>(), published);
    }
}
