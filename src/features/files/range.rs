//! The part of a file that a request asks for.

use axum::http::{HeaderMap, header};

/// What a request gets of a file.
#[derive(Debug, PartialEq, Eq)]
pub enum Part {
    All,
    /// The bytes from `first` to `last`, both included.
    Range {
        first: u64,
        last: u64,
    },
    /// The range begins after the end.
    Unsatisfiable,
}

/// What the headers of a request ask for of a file with `size` bytes and this entity tag. Only one range is served: the
/// answer to several is the whole file, as the standard allows (RFC 9110, 14.2).
pub fn part(headers: &HeaderMap, size: u64, tag: &str) -> Part {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(range) = text(header::RANGE) else { return Part::All };
    if text(header::IF_RANGE).is_some_and(|of| of != tag) {
        return Part::All;
    }
    let Some((first, last)) = range.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return Part::All;
    };
    let number =
        |digits: &str| digits.parse::<u64>().ok().filter(|_| digits.bytes().all(|digit| digit.is_ascii_digit()));
    match (first, last) {
        ("", "") => Part::All,
        ("", suffix) => match number(suffix) {
            Some(0) => Part::Unsatisfiable,
            Some(length) if size > 0 => Part::Range { first: size.saturating_sub(length), last: size - 1 },
            Some(_) => Part::Unsatisfiable,
            None => Part::All,
        },
        (first, last) => match (number(first), number(last)) {
            (Some(first), _) if first >= size && (last.is_empty() || number(last).is_some()) => Part::Unsatisfiable,
            (Some(first), None) if last.is_empty() => Part::Range { first, last: size - 1 },
            (Some(first), Some(last)) if first <= last => Part::Range { first, last: last.min(size - 1) },
            _ => Part::All,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(range: &str, if_range: Option<&str>) -> Part {
        let mut headers = HeaderMap::new();
        headers.insert(header::RANGE, range.parse().unwrap());
        if let Some(tag) = if_range {
            headers.insert(header::IF_RANGE, tag.parse().unwrap());
        }
        part(&headers, 100, "\"t\"")
    }

    #[test]
    fn one_range_is_served() {
        for (range, first, last) in [
            ("bytes=0-9", 0, 9),
            ("bytes=10-", 10, 99),
            ("bytes=-10", 90, 99),
            ("bytes=-1000", 0, 99),
            ("bytes=90-1000", 90, 99),
            ("bytes=99-99", 99, 99),
        ] {
            assert_eq!(of(range, None), Part::Range { first, last }, "{range}");
        }
        for range in ["bytes=100-", "bytes=100-200", "bytes=-0"] {
            assert_eq!(of(range, None), Part::Unsatisfiable, "{range}");
        }
        for range in ["bytes=9-0", "bytes=a-b", "bytes=-", "lines=0-1", "bytes=0-1,5-6", "bytes=+1-2", "0-9", ""] {
            assert_eq!(of(range, None), Part::All, "{range}");
        }
    }

    #[test]
    fn a_range_of_another_file_is_the_whole_file() {
        assert_eq!(of("bytes=0-9", Some("\"t\"")), Part::Range { first: 0, last: 9 });
        assert_eq!(of("bytes=0-9", Some("\"u\"")), Part::All);
    }
}
