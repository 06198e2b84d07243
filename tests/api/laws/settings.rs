//! `.env.example` is the list of all settings: the command line makes it.

use clap::CommandFactory;
use perspektive::cli::Cli;

#[test]
fn env_example_lists_every_setting_with_its_default() {
    let mut text = "# Every setting, with its default. Copy this file to .env and take away the # in\n\
                    # front of what you change. Flags win over the environment, and the environment\n\
                    # wins over .env. A value with spaces, quotes, $ or # stands in 'single quotes'.\n"
        .to_owned();
    let command = Cli::command();
    let (mut known, mut heading) = (Vec::new(), None);
    let commands = std::iter::once(&command).chain(command.get_subcommands());
    let mut settings: Vec<&clap::Arg> = commands
        .flat_map(|command| command.get_arguments())
        .filter(|argument| argument.get_env().is_some())
        .collect();
    settings.sort_by_key(|argument| argument.get_help_heading().is_some());
    let order: Vec<Option<&str>> = settings
        .iter()
        .map(|argument| argument.get_help_heading())
        .collect();
    settings.sort_by_key(|argument| {
        order
            .iter()
            .position(|heading| *heading == argument.get_help_heading())
    });
    for argument in settings {
        let name = argument.get_env().and_then(|name| name.to_str()).unwrap();
        if known.contains(&name) {
            continue;
        }
        known.push(name);
        if argument.get_help_heading() != heading {
            heading = argument.get_help_heading();
            text += &format!("\n\n## {}\n", heading.unwrap_or_default());
        }
        let help = argument.get_help().expect("every setting has a help text");
        let defaults = argument
            .get_default_values()
            .iter()
            .map(|value| value.to_str().unwrap());
        let default = defaults.collect::<Vec<_>>().join(",");
        text += &format!("\n# {help}\n#{name}={default}\n");
    }
    assert!(known.len() > 15, "{known:?}");
    super::same_as_committed(".env.example", &text, "UPDATE_ENV_EXAMPLE");
}
