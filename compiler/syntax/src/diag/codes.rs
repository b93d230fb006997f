//! The registry of codes: one line per code, sorted; a code is never reused.
//!
//! Ranges: E00xx text and syntax, E01xx names, E02xx types, E03xx time, windows and lateness, E04xx keys, aggregates and
//! views, E06xx validation, E07xx data at run time, E08xx serving, E09xx files, project and usage.
//! Warnings take the same ranges after `W`. E9999 is a bug in featc.
//!
//! How a message is added: `docs/adding/message.md`.

use std::fmt;

/// Whether a message refuses the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    Error,
    Warning,
}

impl Severity {
    /// `error` or `warning`.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}

macro_rules! codes {
    ($($code:ident $name:ident $title:literal, since $since:literal;)*) => {
        /// The cause of a message.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = concat!(stringify!($code), ": ", $title)] $name,)*
        }

        impl Code {
            /// Every code, in the order of the registry.
            pub const ALL: &'static [Code] = &[$(Code::$name,)*];

            $(#[doc(hidden)] pub const $code: Code = Code::$name;)*

            /// The code as printed: `E0203`.
            pub fn code(self) -> &'static str {
                match self { $(Code::$name => stringify!($code),)* }
            }

            /// The cause in general, lower-case.
            pub fn title(self) -> &'static str {
                match self { $(Code::$name => $title,)* }
            }

            /// The page `docs/errors/<CODE>.md`, in Markdown.
            pub fn explain(self) -> &'static str {
                match self {
                    $(Code::$name => include_str!(concat!("../../../../docs/errors/", stringify!($code), ".md")),)*
                }
            }

            /// The first release that has it.
            pub fn since(self) -> &'static str {
                match self { $(Code::$name => $since,)* }
            }
        }
    };
}

#[rustfmt::skip]
codes! {
    // E00xx text and syntax
    E0001 UnexpectedText      "unexpected text", since "0.1";
    E0002 UnterminatedString  "string without an end", since "0.1";
    E0003 InvalidEscape       "unknown escape in a string", since "0.1";
    E0004 InvalidCharacter    "character that means nothing here", since "0.1";
    E0005 NestedTooDeeply     "expression too deep", since "0.1";
    E0006 ForeignOperator     "operator of another language", since "0.1";
    E0007 ChainedComparison   "chained comparison", since "0.1";
    E0008 RepeatedClause      "clause given twice", since "0.1";
    E0009 MissingModule       "file without a module line", since "0.1";
    E0010 InvalidTimestamp    "invalid date or timestamp", since "0.1";
    E0011 InvalidDuration     "invalid duration", since "0.1";
    E0012 InvalidNumber       "invalid number", since "0.1";
    E0013 ReservedWord        "reserved word used as a name", since "0.1";
    E0014 UnclosedBracket     "bracket without its partner", since "0.1";
    E0015 UnknownKeyword      "unknown keyword", since "0.1";
    E0016 MisplacedModule     "module line out of place", since "0.1";
    E0017 UnknownFileFormat   "unknown file format", since "0.1";
    E0018 VersionOfFiles      "version of plain files", since "0.1";
    E0019 NotInRelease        "construct that is not in this release", since "0.1";
    E0020 MisplacedTopic      "topic of Kafka that cannot be read so", since "0.1";
    // E01xx names
    E0101 DuplicateItem       "item declared twice", since "0.1";
    E0102 DuplicateColumn     "column declared twice", since "0.1";
    E0103 DuplicateFeature    "feature declared twice", since "0.1";
    E0104 DuplicateField      "feature listed twice in a service", since "0.1";
    E0105 MissingClause       "source without a required clause", since "0.1";
    E0106 UnknownRows         "unknown source or transform", since "0.1";
    E0107 UnknownEntity       "unknown entity", since "0.1";
    E0108 UnknownView         "unknown view", since "0.1";
    E0109 UnknownFeature      "unknown feature", since "0.1";
    E0110 UnknownColumn       "unknown column", since "0.1";
    E0111 UnknownFunction     "unknown function or aggregate", since "0.1";
    E0112 UnknownType         "unknown type", since "0.1";
    E0113 CircularTransform   "transform that comes from itself", since "0.1";
    E0114 CircularFeature     "feature derived from itself", since "0.1";
    E0115 EmptyService        "service without features", since "0.1";
    E0116 PatternMatchesNothing "pattern that matches no feature", since "0.1";
    E0117 ViewReadsView       "view that reads a view", since "0.1";
    E0118 NameWithDot         "name with a dot", since "0.1";
    E0119 TwoColumnsOfAField  "two columns of one field of a file", since "0.1";
    E0120 UnknownParameter    "unknown parameter", since "0.1";
    E0121 MisplacedParameter  "parameter where its value does not fit", since "0.1";
    E0122 UnknownTemplate     "unknown template", since "0.1";
    E0123 OneNameForAll       "feature of a template that is not named by the column", since "0.1";
    E0124 UsedTwice           "template used twice for one column", since "0.1";
    E0125 TooManyOfTemplates  "templates that make too many features", since "0.1";
    E0126 NotOfATemplate      "statement of a template that is no feature", since "0.1";
    // E02xx types
    E0201 MixedNumbers        "numbers of different types", since "0.1";
    E0202 WrongOperand        "operator that does not take these types", since "0.1";
    E0203 NotABool            "condition that is not a bool", since "0.1";
    E0204 NoSuchCast          "cast that does not exist", since "0.1";
    E0205 WrongArgumentCount  "wrong number of arguments", since "0.1";
    E0206 WrongArgumentType   "argument of the wrong type", since "0.1";
    E0207 LiteralOutOfRange   "literal out of range", since "0.1";
    E0208 DecimalTooWide      "decimal result too wide", since "0.1";
    E0209 AlternativesDiffer  "alternatives of different types", since "0.1";
    E0210 UntypedNull         "null of unknown type", since "0.1";
    E0211 ComparedWithNull    "comparison with null", since "0.1";
    E0212 NotALiteral         "argument that must be a literal", since "0.1";
    E0213 WrongDefault        "default of the wrong type", since "0.1";
    E0214 InvalidTypeArguments "invalid numbers in a type", since "0.1";
    E0215 IncomparableTypes   "comparison of different types", since "0.1";
    E0216 NotReadSo           "column that cannot be read so", since "0.1";
    E0217 NotAPattern         "text that is no pattern", since "0.1";
    E0218 UnfitInside         "type of other types that cannot be", since "0.1";
    E0219 MisplacedList       "list where none can be", since "0.1";
    // E03xx time, windows, lateness
    E0301 NotATimestamp       "time that is not a timestamp", since "0.1";
    E0302 LatenessWithoutArrival "bounded lateness without arrival", since "0.1";
    E0303 LifetimeWithoutLateness "lifetime window over a source without lateness", since "0.1";
    E0304 ZeroLength          "length of time that is zero", since "0.1";
    E0305 MissingWindow       "aggregate without a window", since "0.1";
    E0306 WindowWithoutAggregate "window without an aggregate", since "0.1";
    E0307 ReadsArrival "expression that reads the arrival", since "0.1";
    E0308 ArrivalIsIdentity "arrival that is event time or identity", since "0.1";
    E0309 UnknownZone "unknown time zone", since "0.1";
    E0310 MovedBack "event time before the source's time", since "0.1";
    E0311 UnboundedMove "event time without a bound over a source that begins", since "0.1";
    E0312 MovedTooFar "event time beyond its own bound", since "0.1";
    E0313 EventsOutOfRange "window of an impossible number of events", since "0.1";
    E0314 NothingToExclude "exclusion of what a window does not hold", since "0.1";
    E0315 LocalWithoutZone "local time without a zone, or a zone without local time", since "0.1";
    E0316 LagBeyondLateness "rows that are later than their source accepts", since "0.1";
    // E04xx keys, aggregates, views
    E0401 KeyTypeDiffers      "key column of another type than the key", since "0.1";
    E0402 KeyTypeRefused      "key of a type that cannot be a key", since "0.1";
    E0403 KeyCountDiffers     "wrong number of key columns", since "0.1";
    E0404 NullableKey         "key that may be null", since "0.1";
    E0405 EntityWithoutKey    "entity without a key", since "0.1";
    E0406 ServiceKeyConflict  "service that needs one column with two types", since "0.1";
    E0407 AggregateOutsideView "aggregate outside of a feature", since "0.1";
    E0408 NestedAggregate     "aggregate inside an aggregate", since "0.1";
    E0409 WrongAggregateArgument "aggregate of a type that it does not take", since "0.1";
    E0410 MixedFeature        "feature that aggregates and reads a feature", since "0.1";
    E0411 ColumnOutsideAggregate "column outside of an aggregate", since "0.1";
    E0412 FeatureReadsNothing "feature that reads nothing", since "0.1";
    E0413 CapWithoutValues "cap without values to keep", since "0.1";
    E0414 InvalidCap          "cap out of range", since "0.1";
    E0415 MisplacedModifier   "modifier where it means nothing", since "0.1";
    E0416 MissingKeyColumn    "view without a column for a key", since "0.1";
    E0417 EmptyView           "view without features", since "0.1";
    E0420 StaticAndComing     "static source that says when rows come in", since "0.1";
    E0421 CountOfCondition    "count of a condition", since "0.1";
    E0422 UnfitField          "field of a request that no question can bring", since "0.1";
    E0423 UnfitRole           "role of a service that stands for nothing", since "0.1";
    E0424 UnfitAnswerName      "name that a column of an answer cannot have", since "0.1";
    E0430 MisshapenRow        "row of a table that is not like its header", since "0.1";
    E0431 NotAValue           "value in a test that is none of its type", since "0.1";
    E0432 NothingExpected     "test that expects nothing", since "0.1";
    E0433 DuplicateTest       "two tests of one name", since "0.1";
    E0434 OtherKeys           "question of a test without the keys of its view", since "0.1";
    E0435 GivenTwice          "something given twice in a test", since "0.1";
    E0436 LeftOutColumn       "table without a column that is needed", since "0.1";
    E0437 NothingKnown        "`as known` without arrival", since "0.1";
    E0438 RowsNotRead         "rows that the view does not read", since "0.1";
    E0440 TableWithoutClause  "table without its columns or its key", since "0.1";
    E0441 TableWithoutRules   "table that does not say which row holds", since "0.1";
    E0442 UnfitTableColumn    "column of a table that cannot be what it is named as", since "0.1";
    E0443 UnknownTable        "unknown table", since "0.1";
    E0444 LookupKey           "lookup that does not bring the key of its table", since "0.1";
    E0445 WithinStatic        "bound on the age of rows that never change", since "0.1";
    E0446 LookupOutside       "lookup outside of a transform", since "0.1";
    E0447 StaticTableRows     "view of a static table", since "0.1";
    E0448 ViewFansOut         "view of a table by another key", since "0.1";
    E0460 GridOutOfRange      "grid of a window out of range", since "0.1";
    E0461 PeriodsOutOfRange   "number of periods of a window out of range", since "0.1";
    // E06xx validation
    E0601 PlanDiffers         "plan that does not mean what its program says", since "0.1";
    // E07xx data at run time
    E0701 MissingColumn       "column missing in a file", since "0.1";
    E0702 WrongColumnType     "column of another type in a file", since "0.1";
    E0703 NaiveTimestamp      "timestamp without a zone", since "0.1";
    E0704 CorruptFile         "file cannot be decoded", since "0.1";
    E0705 MissingSpineTime    "spine without a time column", since "0.1";
    E0706 UnusableSpineRow    "spine row that cannot be asked", since "0.1";
    E0707 RejectedRows        "rows rejected under --strict", since "0.1";
    E0708 ColumnClash         "spine column named like a feature", since "0.1";
    E0709 EnginesDisagree     "engines disagree", since "0.1";
    E0710 NothingAccepted     "source without a usable row", since "0.1";
    E0711 TooManyRejected     "too many rows rejected", since "0.1";
    E0712 NothingFound        "view in which nothing is found", since "0.1";
    E0713 TooManyMissing      "too many questions that find nothing", since "0.1";
    E0714 NothingAskedStrict  "nothing asked under --strict", since "0.1";
    E0715 SpineTooWide        "spine with too many columns", since "0.1";
    E0716 NothingLookedUp     "lookup that never finds a row", since "0.1";
    E0717 BeyondText          "value that text cannot hold", since "0.1";
    E0718 ServedLog           "served log that does not fit", since "0.1";
    E0719 ServedOtherwise     "answers that were served otherwise", since "0.1";
    E0720 RowsReadOtherwise   "rows that were read otherwise", since "0.1";
    E0721 UnknownStore        "address of an unknown store", since "0.1";
    E0722 StoreRefused        "store that cannot be reached", since "0.1";
    E0723 NoSuchTable         "no such Delta table or version", since "0.1";
    E0724 UnreadableTable     "Delta table that cannot be read", since "0.1";
    E0725 TableSchemaDiffers  "columns other than the Delta table's", since "0.1";
    E0726 TableExists         "Delta table that exists already", since "0.1";
    E0727 TableChanged        "Delta table changed by another writer", since "0.1";
    E0728 UnwritableTable     "Delta table that cannot be written", since "0.1";
    E0729 UnfitColumn         "column that a Delta table cannot hold", since "0.1";
    // E08xx serving
    E0801 UnreadableRequest   "request that cannot be read", since "0.1";
    E0802 WrongQuestion       "question that does not fit its service", since "0.1";
    E0803 RequestTooLarge     "request beyond a limit", since "0.1";
    E0804 NoSuchAddress       "address that is not there", since "0.1";
    E0805 TokenNeeded         "request without the server's token", since "0.1";
    E0806 ServerBusy          "server with no room for a request", since "0.1";
    E0807 SlowRequest         "request that comes too slowly", since "0.1";
    E0808 InstantReleased     "instant of which nothing is kept", since "0.1";
    E0809 NotServing          "server that cannot do its work", since "0.1";
    E0810 OfAPage             "request of a web page, or under another name", since "0.1";
    E0811 DamagedState        "state that is damaged", since "0.1";
    E0812 UnfitState          "state that cannot be gone on with", since "0.1";
    E0813 ClockBehind         "clock behind the answers that were given", since "0.1";
    E0814 UnfollowableSource  "source that cannot be followed", since "0.1";
    E0815 ReplacedFile        "followed data that is not there any more", since "0.1";
    E0816 UnreadableSplit     "followed source that cannot be read", since "0.1";
    E0817 GatedEntity         "entity without an answer of a gated feature", since "0.1";
    E0818 UnfitSchema         "schema of a topic that does not fit", since "0.1";
    E0820 BeyondFeast         "question that Feast's protocol has no words for", since "0.1";
    E0821 NotTogether         "features that no service answers together", since "0.1";
    E0822 NoFormOfFeast       "value that Feast cannot hold", since "0.1";
    // E09xx files, project, usage
    E0901 FileNotFound        "no such file", since "0.1";
    E0902 UnreadableFile      "file cannot be read", since "0.1";
    E0903 UnwritableOutput    "output cannot be written", since "0.1";
    E0904 UnknownService      "unknown service", since "0.1";
    E0905 InvalidArgument     "invalid argument", since "0.1";
    E0906 UnknownOutputFormat "unknown file format of an output or a spine", since "0.1";
    E0907 ArrivalNeeded       "source without arrival", since "0.1";
    E0908 NoFilesDeclared     "source without files", since "0.1";
    E0909 MixedModules        "files of different modules", since "0.1";
    E0910 WrongUsage          "wrong usage of the command line", since "0.1";
    E0911 InputChanged        "input that changed", since "0.1";
    E0912 ProgramChanged      "program that changed", since "0.1";
    E0913 NoRecord            "no record of a training set", since "0.1";
    E0914 OtherRelease        "record of another release", since "0.1";
    E0915 NotReproduced       "training set that cannot be made again", since "0.1";
    E0916 TruthNotChosen      "truth that must be chosen", since "0.1";
    E0917 CutsNeeded          "truth as-served without a served log", since "0.1";
    E0918 NotAsLocked         "program that is not what was agreed to", since "0.1";
    E0919 NoLock              "no usable lock file", since "0.1";
    E0921 BegunOtherwise      "backfill that was begun otherwise", since "0.1";
    E0922 UnusableFolder      "folder in which no backfill can go on", since "0.1";
    E0923 FolderBusy          "folder that another run writes to", since "0.1";
    E0924 SeveralEntities     "service about several entities", since "0.1";
    E0925 TooManyParts        "backfill of too many parts", since "0.1";
    E0926 RequestUnknown      "backfill of a service that reads its questions", since "0.1";
    E0930 SharedIdentity      "question that does not say whose identity it brings", since "0.1";
    E0931 NoTests             "no test to run", since "0.1";
    E0940 OutputBusy          "output that another run writes to", since "0.1";
    E0941 TwoRowsOfAKey       "table with two rows of one key", since "0.1";
    E0942 UnusableTableRow    "row of a table that cannot be used", since "0.1";
    E0944 OtherTable          "state of another content of a table", since "0.1";
    E0950 NothingForFeast     "program of which Feast can ask nothing", since "0.1";
    E9999 Bug                 "a bug in featc", since "0.1";
    // W00xx text and syntax
    W0001 DetachedDoc         "doc comment before nothing", since "0.1";
    W0002 NotShown            "messages that are not shown", since "0.1";
    W0003 DivisionInComment   "comment that looks like a division", since "0.1";
    // W01xx to W04xx
    W0101 UnusedTransform     "transform that nothing reads", since "0.1";
    W0102 NoOwner             "view without an owner", since "0.1";
    W0103 UndocumentedFeatures "features without a doc line", since "0.1";
    W0104 UnusedTemplate      "template or parameter that nothing uses", since "0.1";
    W0105 UnusedTable         "table that nothing looks into", since "0.1";
    W0106 UnusedRole          "role that nothing reads", since "0.1";
    W0107 QuotedParameter     "parameter in quotes", since "0.1";
    W0108 KeysExchanged       "keys in another order", since "0.1";
    W0109 UnreadField         "field of a request that nothing reads", since "0.1";
    W0110 SameKeys            "role that answers as its view does", since "0.1";
    W0301 ReadsAhead          "reading an instant that may lie ahead", since "0.1";
    W0302 MayMoveBack         "event time that may lie before the source's time", since "0.1";
    W0303 AlwaysStale         "view whose answers are always stale", since "0.1";
    W0304 CalendarInUtc       "calendar in UTC over a source with a zone", since "0.1";
    W0305 SkewWithoutLateness "skew without a bound on lateness", since "0.1";
    W0306 ArrivalOfADay       "arrival that is a date", since "0.1";
    W0307 VersionThatIsOver   "view of a table that does not look at `valid to`", since "0.1";
    W0308 WindowWithinDelay   "window that no event can be in", since "0.1";
    W0401 TwinFeatures        "two features that mean the same", since "0.1";
    W0402 ChosenByCondition   "condition that chooses the last events", since "0.1";
    W0403 NeverTrue           "condition that is never true, or always", since "0.1";
    W0404 WeeksFromThursday   "weeks that begin on Thursday", since "0.1";
    W0405 GreatestTexts       "greatest texts of the alphabet", since "0.1";
    W0406 SameForEveryEvent   "value that is the same for every event", since "0.1";
    // W07xx data at run time
    W0701 AskedAtEvents       "questions at the instant of an event", since "0.1";
    W0702 NothingExcluded     "questions that exclude no event", since "0.1";
    W0703 SeveralRowsOfAnId   "different rows under one id", since "0.1";
    W0704 NothingAsked        "result without rows", since "0.1";
    W0705 FilesLeftOut        "files of a folder that are not read", since "0.1";
    W0706 NullInAllRows       "column that is null in all rows", since "0.1";
    W0707 AllIn1970           "instants that all lie in 1970", since "0.1";
    W0708 OnlyErrors          "feature of which every answer is an error", since "0.1";
    W0709 AllAhead            "rows that all arrive before they happen", since "0.1";
    W0710 EndsBeforeBeginning "versions that end before they begin", since "0.1";
}

impl Code {
    /// Error or warning, by the first letter.
    pub fn severity(self) -> Severity {
        if self.code().starts_with('W') {
            Severity::Warning
        } else {
            Severity::Error
        }
    }

    /// The code with this number, in any case: `e0203`.
    pub fn from_code(code: &str) -> Option<Code> {
        Self::ALL
            .iter()
            .copied()
            .find(|known| known.code().eq_ignore_ascii_case(code))
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_sorted_and_well_formed() {
        let codes: Vec<&str> = Code::ALL.iter().map(|code| code.code()).collect();
        let mut sorted = codes.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(codes, sorted, "one line per code, in order, errors before warnings");
        for code in Code::ALL {
            let text = code.code();
            assert!(
                text.len() == 5 && text[1..].bytes().all(|byte| byte.is_ascii_digit()),
                "{text}"
            );
            assert!(text.starts_with(['E', 'W']), "{text}");
            assert_eq!(Code::from_code(&text.to_lowercase()), Some(*code));
        }
    }

    #[test]
    fn every_page_has_its_headings() {
        for code in Code::ALL {
            let page = code.explain();
            assert!(
                page.starts_with(&format!("# {code}: {}\n", code.title())),
                "first line of the page of {code}"
            );
            let why = match code.severity() {
                Severity::Error => "## Why it is refused",
                Severity::Warning => "## Why it warns",
            };
            for heading in ["## What happened", why, "## How to fix"] {
                assert!(page.contains(&format!("\n{heading}\n")), "{code}: {heading}");
            }
        }
    }
}
