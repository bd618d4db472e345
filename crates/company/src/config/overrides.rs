use bridge_process::Variables;
use bridge_process::config::{ConfigError, Place, Source};
use config::{Environment, Source as _};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Values of `company.toml` that the environment overrides: `BRIDGE__SECTION__KEY=value`.
///
/// `true` and `false` are booleans, everything else is text. Keys with a dot, such as those of `[hosts]`, cannot be
/// written as the name of a variable and stay in the file.
#[derive(Debug, Default)]
pub(crate) struct Overrides(Vec<Override>);

#[derive(Debug)]
struct Override {
    path: Vec<String>,
    value: String,
}

impl Overrides {
    /// Picks the variables of Bridge out of the environment.
    pub(crate) fn from_variables(variables: &Variables) -> Result<Self, ConfigError> {
        refuse_twins(variables)?;
        let environment = Environment::with_prefix("BRIDGE")
            .prefix_separator("__")
            .separator("__")
            .source(Some(variables.clone().into_iter().collect()));
        let unusable = |error: config::ConfigError| {
            ConfigError::new(Place::Variable { variable: "BRIDGE__…".into() }, "cannot be used")
                .expected("text")
                .found(error.to_string())
                .remedy("correct or unset it")
        };
        let mut overrides = Vec::new();
        for (key, value) in environment.collect().map_err(unusable)? {
            let path = key.split('.').map(str::to_owned).collect();
            overrides.push(Override { path, value: value.into_string().map_err(unusable)? });
        }
        overrides.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Self(overrides))
    }

    /// The names of the variables, in the order in which [`Self::apply`] marks their values.
    pub(super) fn variables(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|over| format!("BRIDGE__{}", over.path.join("__").to_uppercase()))
    }

    /// Puts the values into the table of the file, each marked with the span of its variable.
    pub(super) fn apply<'i>(&'i self, source: &Source, table: &mut DeTable<'i>) {
        for (index, over) in self.0.iter().enumerate() {
            let value = match over.value.as_str() {
                "true" => DeValue::Boolean(true),
                "false" => DeValue::Boolean(false),
                text => DeValue::String(text.into()),
            };
            put(table, &over.path, Spanned::new(source.variable_span(index), value));
        }
    }
}

/// Refuses two variables for one value: case does not tell them apart, and which of them counts would be chance.
fn refuse_twins(variables: &Variables) -> Result<(), ConfigError> {
    let mut names: Vec<_> = variables.keys().map(|name| (name.to_uppercase(), name)).collect();
    names.retain(|(folded, _)| folded.starts_with("BRIDGE__"));
    names.sort();
    let twins = names.windows(2).find(|pair| pair[0].0 == pair[1].0);
    let Some([(_, one), (_, other)]) = twins else { return Ok(()) };
    Err(ConfigError::new(Place::Variable { variable: (*other).clone() }, "a second variable for one value")
        .expected("one variable for each value, however its name is written")
        .found(format!("also {one}"))
        .remedy("unset one of the two"))
}

/// Puts a value where a path says; what stands in the way gives way.
fn put<'i>(table: &mut DeTable<'i>, path: &'i [String], value: Spanned<DeValue<'i>>) {
    let Some((key, rest)) = path.split_first() else { return };
    let span = value.span();
    let value = if rest.is_empty() {
        value
    } else {
        let (span, mut inner) = match table.remove(key.as_str()).map(|old| (old.span(), old.into_inner())) {
            Some((span, DeValue::Table(inner))) => (span, inner),
            _ => (span.clone(), DeTable::new()),
        };
        put(&mut inner, rest, value);
        Spanned::new(span, DeValue::Table(inner))
    };
    table.remove(key.as_str());
    table.insert(Spanned::new(span, key.as_str().into()), value);
}
