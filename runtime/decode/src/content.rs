//! What a file is by its first bytes, where its name or its format says something else.

/// What the first bytes say of a file, as completes "x.csv is corrupt or of another format: …".
type Why = &'static str;

const GZIP: Why = "it is packed by gzip";
const ZSTD: Why = "it is packed by zstd";
const OTHER_PACKED: Why = "it is packed by bzip2 or xz";
const ZIP: Why = "it is a zip file, as Excel writes (.xlsx)";
const OLD_EXCEL: Why = "it is a file of Excel (.xls)";
const WIDE: Why = "it is text in UTF-16";
const PARQUET: Why = "it is a Parquet file";
const ARROW: Why = "it is an Arrow file";
const PLAIN: Why = "it is plain text";
/// Said of a folder: no byte of its files tells.
pub(crate) const TABLE: Why = "it is a Delta table";

/// So many bytes are enough for every answer.
pub(crate) const HEAD_BYTES: usize = 16;

/// What a file begins with that text never begins with. `head` are its first [`HEAD_BYTES`], or what came of them at once.
pub(crate) fn no_text(head: &[u8]) -> Option<Why> {
    let known: [(&[u8], Why); 11] = [
        (b"\x1f\x8b", GZIP),
        (b"\x28\xb5\x2f\xfd", ZSTD),
        (b"\xfd7zXZ\0", OTHER_PACKED),
        (b"BZh91AY&SY", OTHER_PACKED),
        (b"PK\x03\x04", ZIP),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", OLD_EXCEL),
        (b"\xff\xfe", WIDE),
        (b"\xfe\xff", WIDE),
        (b"ARROW1\0", ARROW),
        (b"\xff\xff\xff\xff", ARROW),
        (b"PAR1\x15", PARQUET),
    ];
    let found = known.iter().find(|(magic, _)| head.starts_with(magic));
    // Without a byte order mark: every other byte of the first letters is zero.
    let is_wide = |head: &[u8]| matches!(head, [0, 1..=255, 0, 1..=255, ..] | [1..=255, 0, 1..=255, 0, ..]);
    found.map(|(_, why)| *why).or(is_wide(head).then_some(WIDE))
}

/// As [`no_text`], of a file that is no text by its format; `own` is what it should be.
pub(crate) fn not_of(own: &[u8], head: &[u8]) -> Option<Why> {
    let is_plain = |byte: &u8| !byte.is_ascii_control() || b"\t\r\n".contains(byte);
    match head {
        _ if head.starts_with(own) || head.is_empty() => None,
        _ => no_text(head).or(head.iter().all(is_plain).then_some(PLAIN)),
    }
}

/// The next step.
pub(crate) fn remedy(why: &str) -> Option<&'static str> {
    Some(match why {
        GZIP => "name it so, as in `payments.csv.gz`: it is then unpacked while it is read",
        ZSTD => "name it so, as in `payments.csv.zst`: it is then unpacked while it is read",
        OTHER_PACKED => "unpack it, or pack it by gzip and name it so, as in `payments.csv.gz`",
        ZIP | OLD_EXCEL => "save the sheet as CSV (UTF-8), or unpack the file first if it is an archive",
        WIDE => "write it as UTF-8: `iconv -f UTF-16 -t UTF-8`",
        PARQUET => "write `batch parquet` in the source, or name the file .parquet",
        ARROW => "write `batch arrow` in the source, or name the file .arrow",
        PLAIN => "write `batch csv` (or tsv, jsonl) in the source, or name the file .csv (.tsv, .jsonl)",
        TABLE => {
            "write `delta` in place of `parquet`: as files the rows count that the table has no longer; if all of its files are \
             meant, name them, as in `\"lake/visits/*.parquet\"`"
        }
        _ => return None,
    })
}

/// The next step for files whose names end so, where such are read under no name.
pub fn unread(ending: &str) -> Option<&'static str> {
    Some(match ending {
        "xlsx" | "xls" | "ods" | "pkl" | "pickle" | "h5" | "hdf" | "hdf5" | "orc" | "avro" | "sqlite" | "db" => {
            "this format is not read: write it as Parquet (in pandas `to_parquet(path)`) or as CSV"
        }
        "zip" | "7z" | "rar" | "tar" | "tgz" | "bz2" | "xz" => {
            "unpack it; files of text may be packed by gzip, and are named so, as in `payments.csv.gz`"
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_their_first_bytes() {
        let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        let files: [(&[u8], Option<Why>); 12] = [
            (b"id,at\n1,2024-01-01T00:00:00Z", None),
            (b"\xef\xbb\xbfid,at\n", None),
            ("é,at\n".as_bytes(), None),
            (b"PAR1,BZh9,PK\n", None),
            (b"", None),
            (b"\x1f\x8b\x08\0\0", Some(GZIP)),
            (b"\x28\xb5\x2f\xfd\x04", Some(ZSTD)),
            (b"PK\x03\x04\x14\0", Some(ZIP)),
            (b"PAR1\x15\x04", Some(PARQUET)),
            (b"ARROW1\0\0", Some(ARROW)),
            (&wide("id,at"), Some(WIDE)),
            (b"\0i\0d\0,", Some(WIDE)),
        ];
        for (head, why) in files {
            assert_eq!(no_text(head), why, "{head:?}");
            assert!(why.is_none_or(|why| remedy(why).is_some()));
        }
        assert_eq!(not_of(b"PAR1", b"id,at\n"), Some(PLAIN));
        assert_eq!(not_of(b"PAR1", b"\x1f\x8b\x08"), Some(GZIP));
        assert_eq!(not_of(b"PAR1", b"PAR1\x15"), None);
        assert_eq!(not_of(b"PAR1", b"\x01\x02"), None);
    }
}
