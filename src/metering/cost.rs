//! What a request cost.

use crate::domain::{
    model::{Model, Price},
    usage::{Cost, CostBasis, Usage},
};

/// Returns what a request cost: the provider's word, else the catalog's price, else unpriced.
pub fn cost_of(stated: Option<Cost>, usage: Option<&Usage>, model: Option<&Model>) -> Cost {
    if let Some(cost) = stated {
        return cost;
    }
    let priced = || {
        let (usage, model) = (usage?, model?);
        let input = usage.input_tokens?;
        let price = model.prices.iter().rev().find(|price| price.min_input_tokens <= input)?;
        i64::try_from((of_input(usage, price)? + of_output(usage, price)?) / 1_000_000).ok()
    };
    match priced() {
        Some(nano_usd) => Cost { nano_usd: Some(nano_usd), basis: CostBasis::Catalog },
        None => Cost { nano_usd: None, basis: CostBasis::Unpriced },
    }
}

/// Prices the special kinds first and the rest as plain input. Kinds that overlap are not billed twice.
fn of_input(usage: &Usage, price: &Price) -> Option<i128> {
    let kinds = [
        (usage.cached_input_tokens, price.cached_input),
        (usage.cache_write_input_tokens, price.cache_write_input),
        (usage.audio_input_tokens, price.audio_input),
        (usage.image_input_tokens, price.image_input),
    ];
    side(usage.input_tokens?, price.input, &kinds)
}

fn of_output(usage: &Usage, price: &Price) -> Option<i128> {
    side(usage.output_tokens?, price.output, &[(usage.audio_output_tokens, price.audio_output)])
}

fn side(total: u64, plain: Option<i64>, kinds: &[(Option<u64>, Option<i64>)]) -> Option<i128> {
    let (mut rest, mut sum) = (total, 0);
    for (tokens, price) in kinds {
        if let (Some(tokens), Some(price)) = (tokens, price) {
            let tokens = (*tokens).min(rest);
            rest -= tokens;
            sum += i128::from(tokens) * i128::from(*price);
        }
    }
    // Nothing to bill needs no price: an embedding has no output.
    if rest == 0 { Some(sum) } else { Some(sum + i128::from(rest) * i128::from(plain?)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOLLAR: i64 = 1_000_000_000;

    #[test]
    fn prices() {
        let usage = |input, output| Usage { input_tokens: input, output_tokens: output, ..Usage::default() };
        let price = |input, output| Price { input, output, ..Price::default() };
        let model = |prices: &[Price]| Model { prices: prices.to_vec(), ..Model::default() };
        let plain = price(Some(DOLLAR), Some(2 * DOLLAR));
        let cached = Price { cached_input: Some(DOLLAR / 10), ..plain };
        let long = Price { min_input_tokens: 200_001, ..price(Some(10 * DOLLAR), Some(20 * DOLLAR)) };
        let kinds = Price { audio_input: Some(5 * DOLLAR), audio_output: Some(0), ..cached };
        let catalog = |nano| Cost { nano_usd: Some(nano), basis: CostBasis::Catalog };
        let unpriced = Cost { nano_usd: None, basis: CostBasis::Unpriced };
        let with_cached = |tokens| Usage { cached_input_tokens: Some(tokens), ..usage(Some(1_000_000), Some(0)) };
        let audio = Usage {
            audio_input_tokens: Some(200_000),
            audio_output_tokens: Some(5),
            ..Usage { output_tokens: Some(5), ..with_cached(300_000) }
        };
        let cases = [
            ("by the catalog", usage(Some(1_000_000), Some(500_000)), model(&[plain]), catalog(2 * DOLLAR)),
            ("free is a price", usage(Some(5), Some(5)), model(&[price(Some(0), Some(0))]), catalog(0)),
            ("unknown input", usage(None, Some(5)), model(&[plain]), unpriced),
            ("unknown output", usage(Some(5), None), model(&[plain]), unpriced),
            ("unknown price", usage(Some(5), Some(5)), model(&[price(None, Some(DOLLAR))]), unpriced),
            ("no prices", usage(Some(5), Some(5)), model(&[]), unpriced),
            (
                "no output needs no price",
                usage(Some(10), Some(0)),
                model(&[price(Some(DOLLAR), None)]),
                catalog(10_000),
            ),
            ("cached input", with_cached(400_000), model(&[cached]), catalog(640_000_000)),
            ("cached input without a price of its own", with_cached(400_000), model(&[plain]), catalog(DOLLAR)),
            ("more cached than there is", with_cached(9_000_000), model(&[cached]), catalog(DOLLAR / 10)),
            (
                "the last token of the first tier",
                usage(Some(200_000), Some(0)),
                model(&[plain, long]),
                catalog(200_000_000),
            ),
            ("the whole long prompt", usage(Some(200_001), Some(1)), model(&[plain, long]), catalog(2_000_030_000)),
            ("kinds", audio, model(&[kinds]), catalog(30_000_000 + DOLLAR + 500_000_000)),
        ];
        for (name, usage, model, want) in cases {
            assert_eq!(cost_of(None, Some(&usage), Some(&model)), want, "{name}");
            let stated = Cost { nano_usd: Some(7), basis: CostBasis::Provider };
            assert_eq!(cost_of(Some(stated), Some(&usage), Some(&model)), stated, "{name}: the provider's word wins");
        }
        assert_eq!(cost_of(None, Some(&usage(Some(5), Some(5))), None), unpriced, "unknown model");
        assert_eq!(cost_of(None, None, Some(&model(&[plain]))), unpriced, "no usage");
    }
}
