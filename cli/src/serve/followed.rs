//! Which sources a server reads by itself.

use crate::args::ServeArgs;
use crate::errors;
use crate::report::{Refused, Reporter};
use featr_follow::{Followed, Input, Unfollowable};

/// What standard input is called.
const STANDARD_INPUT: &str = "-";

pub fn of(args: &ServeArgs, program: &featr::Program, reporter: &Reporter) -> Result<Vec<Followed>, Refused> {
    let refuse = |error: featr::Error| reporter.refuse::<()>(errors::run(&error, None)).expect_err("refused");
    let mut all = Vec::new();
    for given in &args.sources {
        let Some((source, place)) = given.split_once('=') else {
            let help = "write it like `--source payments=live/*.jsonl`, or `--source payments=-`";
            return reporter.refuse(errors::argument("--source", given, "no `=` in it", help));
        };
        let input = match place {
            STANDARD_INPUT => Some(Input::StandardInput(program.text_format(source).map_err(refuse)?)),
            place => {
                let files = program.stream_files(source, Some(place)).map_err(refuse)?;
                files.map(|(files, base)| Input::Files { files, base })
            }
        };
        let source = source.to_owned();
        all.extend(input.map(|input| Followed { source, input }));
    }
    if args.follow {
        let sources = program.sources().into_iter().map(|source| source.name);
        let declared: Vec<String> = sources
            .filter(|name| all.iter().all(|given| given.source != *name))
            .collect();
        for source in declared {
            if let Some((files, base)) = program.stream_files(&source, None).map_err(refuse)? {
                let input = Input::Files { files, base };
                all.push(Followed { source, input });
            }
        }
    }
    let checked = match all.is_empty() && args.follow {
        true => Err(Unfollowable::NothingDeclared),
        false => Unfollowable::check(&all),
    };
    match checked {
        Ok(()) => Ok(all),
        Err(why) => reporter.refuse(errors::unfollowable(&why)),
    }
}
