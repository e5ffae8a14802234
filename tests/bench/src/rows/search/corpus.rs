//! Messages as people write them, the same in each run: words as frequent as Zipf's law has it, and Chinese and Japanese.

use std::{
    collections::HashSet,
    fmt::Write,
    hash::{DefaultHasher, Hash, Hasher},
};

/// The words that are most frequent in English, in this order.
const FREQUENT: &str = "the to of and a in is it you that for on we with this be have are not as at but if can or so will \
    was from by do they all what just an one about when there has out up me like time my no get which know how would some \
    i your our now new work them then could see more who here only think also should than use need been make any had its \
    other into two after first good well where over way back did find even most want last";
const WORDS: usize = 20_000;
const ONSETS: &str = "b c d f g h l m n p r s t w v k j br ch cl cr dr fl gr pl pr sh sl sp st str th tr qu";
const NUCLEI: &str = "a e i o u a e i o ea ou ai ee io er ar or";
const CODAS: &str = "n r s t l d m st nd ng ck ss ll";
/// Of 100 messages of a room in English, these have a link and code. Some others have, too.
pub const LINK: u64 = 7;
pub const CODE: u64 = 19;
/// Different Chinese characters.
const CHARACTERS: usize = 2000;

/// Which messages a room has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mix {
    English,
    Cjk,
    /// English, and a twentieth in Chinese and Japanese.
    Both,
}

impl Mix {
    pub fn name(self) -> &'static str {
        match self {
            Self::English => "english",
            Self::Cjk => "cjk",
            Self::Both => "both",
        }
    }
}

/// Random numbers that are the same in each run (splitmix64).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    /// A number from 0 to 1.
    pub fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub fn one_of<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }
}

/// Ranks from 0 on: the `n`th is `n + 1` times as rare as the first.
struct Zipf(Vec<f64>);

impl Zipf {
    fn new(ranks: usize) -> Self {
        let mut sum = 0.0;
        let sums = (1..=ranks).map(|rank| {
            sum += 1.0 / rank as f64;
            sum
        });
        Self(sums.collect())
    }

    fn rank(&self, random: &mut Random) -> usize {
        let at = random.share() * self.0.last().copied().unwrap_or_default();
        self.0.partition_point(|sum| *sum < at).min(self.0.len() - 1)
    }
}

pub struct Corpus {
    /// The most frequent first.
    pub words: Vec<String>,
    word_ranks: Zipf,
    characters: Vec<char>,
    character_ranks: Zipf,
}

impl Corpus {
    pub fn new() -> Self {
        let mut random = Random::new(16);
        let mut characters: Vec<char> = ('\u{4e00}'..'\u{9fa0}').collect();
        for n in 0..CHARACTERS {
            let other = n + random.below(characters.len() - n);
            characters.swap(n, other);
        }
        characters.truncate(CHARACTERS);
        Self {
            words: vocabulary(&mut random),
            word_ranks: Zipf::new(WORDS),
            characters,
            character_ranks: Zipf::new(CHARACTERS),
        }
    }

    /// A word, as often as in the messages.
    pub fn word(&self, random: &mut Random) -> &str {
        &self.words[self.word_ranks.rank(random)]
    }

    /// A Chinese character, as often as in the messages.
    pub fn character(&self, random: &mut Random) -> char {
        self.characters[self.character_ranks.rank(random)]
    }

    /// The text of a message: always the same one at a place.
    pub fn text(&self, mix: Mix, room: usize, seq: u64) -> String {
        let mut random = Random::new((room as u64) << 32 | seq);
        let is_cjk = match mix {
            Mix::English => false,
            Mix::Cjk => true,
            Mix::Both => random.below(20) == 0,
        };
        let mut text = if is_cjk { self.cjk(&mut random) } else { self.english(&mut random) };
        let mut word = || self.word(&mut random).to_owned();
        _ = match seq % 100 {
            LINK | 34 | 71 if !is_cjk => write!(text, " https://example.org/{}/{}", word(), word()),
            CODE | 58 if !is_cjk => write!(text, " `{}_{}({})`", word(), word(), word()),
            _ => Ok(()),
        };
        text
    }

    /// Another number if the texts are others.
    pub fn fingerprint(&self, mix: Mix) -> u32 {
        let mut hasher = DefaultHasher::new();
        (1..=100).for_each(|seq| self.text(mix, 0, seq).hash(&mut hasher));
        hasher.finish() as u32
    }

    /// 5 to 25 words, 10 on average.
    fn english(&self, random: &mut Random) -> String {
        let mut text = String::new();
        let words = 5 + (20.9 * random.share().powi(3)) as usize;
        for n in 0..words {
            let word = self.word(random);
            if n == 0 {
                text.extend(word.chars().next().map(|first| first.to_ascii_uppercase()));
                text += &word[1..];
                continue;
            }
            if random.below(12) == 0 {
                text.push(',');
            }
            text.push(' ');
            text += word;
        }
        if random.below(2) == 0 {
            text.push('.');
        }
        text
    }

    /// Some clauses, 20 characters on average; a fourth of the texts is Japanese.
    fn cjk(&self, random: &mut Random) -> String {
        let mut text = String::new();
        let (clauses, is_japanese) = (1 + random.below(4), random.below(4) == 0);
        for clause in 0..clauses {
            if clause > 0 {
                text.push('，');
            }
            for _ in 0..4 + random.below(9) {
                if is_japanese && random.below(2) == 0 {
                    text.extend(char::from_u32(0x3042 + random.below(80) as u32));
                } else {
                    text.push(self.character(random));
                }
            }
        }
        text.push('。');
        text
    }
}

/// Different words of one to four syllables, the frequent ones shorter.
fn vocabulary(random: &mut Random) -> Vec<String> {
    let [onsets, nuclei, codas] = [ONSETS, NUCLEI, CODAS].map(|of| of.split(' ').collect::<Vec<_>>());
    let mut words: Vec<String> = FREQUENT.split_whitespace().map(str::to_owned).collect();
    let mut known: HashSet<String> = words.iter().cloned().collect();
    while words.len() < WORDS {
        let syllables = match words.len() {
            ..500 => 1 + random.below(2),
            500..6000 => 2 + random.below(2),
            _ => 2 + random.below(3),
        };
        let mut word = String::new();
        for _ in 0..syllables {
            word += random.one_of(&onsets);
            word += random.one_of(&nuclei);
        }
        if random.below(2) == 0 {
            word += random.one_of(&codas);
        }
        if known.insert(word.clone()) {
            words.push(word);
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_as_long_as_people_write_them() {
        let corpus = Corpus::new();
        let texts: Vec<String> = (1..=20_000).map(|seq| corpus.text(Mix::Both, 3, seq)).collect();
        let mean = texts.iter().map(String::len).sum::<usize>() / texts.len();
        assert!((58..=70).contains(&mean), "{mean}");
        let cjk = texts.iter().filter(|text| text.ends_with('。')).count();
        assert!((800..=1200).contains(&cjk), "{cjk}");
        assert_eq!(texts[41], corpus.text(Mix::Both, 3, 42), "a text can be made again");
    }
}
