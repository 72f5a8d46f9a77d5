//! The column of the table, for each family of models.

use crate::providers::{
    adapter::Adapter,
    gigachat::GigaChatAdapter,
    support::{Field, Handling, tests::check_column},
};

const MODELS: &[&str] = &[
    "GigaChat",
    "GigaChat-Plus",
    "GigaChat-Pro",
    "GigaChat-Max",
    "GigaChat-Max-preview",
    "GigaChat-2",
    "GigaChat-2-Pro",
    "GigaChat-2-Max",
    "GigaChat-2-Max:2.0.28.2",
    "GigaChat-2-Reasoning",
    "GigaChat-2-Reasoning-preview",
    "GigaChat-3-Pro",
    "GigaChat-3-Ultra",
    "our-own-model",
];

#[test]
fn the_column_is_true() {
    for model in MODELS {
        check_column(&GigaChatAdapter::default(), model);
        check_column(&GigaChatAdapter::default().without_native_schemas(), model);
    }
}

#[test]
fn families_differ_where_the_models_do() {
    let adapter = GigaChatAdapter::default();
    let taken = |model: &str, field: Field| !matches!(adapter.support(model, field), Handling::Refused(_));
    let native = |model: &str| adapter.support(model, Field::JsonSchema) == Handling::Mapped;
    let thinks = |model: &str| !matches!(adapter.support(model, Field::Reasoning), Handling::Dropped(_));
    for (model, pictures, schema, reasoning) in [
        ("GigaChat", false, false, false),
        ("GigaChat-preview", false, false, false),
        ("GigaChat-Pro", true, false, false),
        ("GigaChat-2", false, false, false),
        ("GigaChat-2-Pro", true, true, false),
        ("gigachat-2-max-preview", true, true, false),
        ("GigaChat-2-Reasoning", true, true, true),
        ("GigaChat-3-Ultra", true, true, true),
        ("GigaChat-3.5-Max", true, true, false),
    ] {
        let ours = (taken(model, Field::ImageData), native(model), thinks(model));
        assert_eq!(ours, (pictures, schema, reasoning), "{model}");
    }
}
