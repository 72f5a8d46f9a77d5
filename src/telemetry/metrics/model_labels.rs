//! Which models have a label of their own. Callers choose the names they ask for, and each name would be a new set of
//! series, for ever.

use std::{collections::HashSet, sync::Arc};

use crate::{domain::consumption::Outcome, metering::Record, routing::catalog::Catalog};

/// How many models beside those of the catalog are told apart.
const MOST: usize = 100;
/// The label of all others.
const OTHER: &str = "other";

/// Gives models their labels: those of the catalog, and the first hundred others that answered.
pub struct ModelLabels {
    catalog: Arc<Catalog>,
    answered: HashSet<String>,
}

impl ModelLabels {
    pub fn new(catalog: Arc<Catalog>) -> Self {
        Self { catalog, answered: HashSet::new() }
    }

    /// Returns the label of a request's model; empty when it came to none.
    pub fn of<'a>(&mut self, record: &'a Record) -> &'a str {
        let Some(target) = record.target.as_ref().filter(|_| !record.model_id.is_empty()) else { return "" };
        let id = record.model_id.as_str();
        if self.answered.contains(id) || self.catalog.model_at(&target.provider, &target.model).is_some() {
            return id;
        }
        if record.outcome == Outcome::Completed && self.answered.len() < MOST {
            self.answered.insert(id.to_owned());
            return id;
        }
        OTHER
    }
}
