//! Reads the bytes of an answer, and trusts none of them.

use kpl_core::model::BrokerId;
use thiserror::Error;

/// It is not what Kafka's protocol says.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub(super) struct Malformed(pub(super) &'static str);

/// Elements that a list of an answer may have; a cluster has fewer brokers.
const MOST_ELEMENTS: usize = 10_000;

/// A topic's name ends there.
const LONGEST_TOPIC: usize = 249;

/// Characters of a text from outside that are kept.
const MOST_CHARACTERS: usize = 200;

/// How lists and texts are written: flexible versions have short lengths, and tagged fields after each structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Fixed,
    Flexible,
}

/// What is left of an answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answer<'a> {
    rest: &'a [u8],
    form: Form,
}

impl<'a> Answer<'a> {
    pub(super) fn new(bytes: &'a [u8], form: Form) -> Self {
        Self { rest: bytes, form }
    }

    /// Bytes that are left.
    pub(super) fn left(&self) -> usize {
        self.rest.len()
    }

    fn bytes(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(Malformed("it ends too early"))?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(Malformed("it ends too early"))?;
        self.rest = rest;
        Ok(*taken)
    }

    pub(super) fn i8(&mut self) -> Result<i8, Malformed> {
        Ok(i8::from_be_bytes(self.array()?))
    }

    pub(super) fn i16(&mut self) -> Result<i16, Malformed> {
        Ok(i16::from_be_bytes(self.array()?))
    }

    pub(super) fn i32(&mut self) -> Result<i32, Malformed> {
        Ok(i32::from_be_bytes(self.array()?))
    }

    pub(super) fn i64(&mut self) -> Result<i64, Malformed> {
        Ok(i64::from_be_bytes(self.array()?))
    }

    pub(super) fn bool(&mut self) -> Result<bool, Malformed> {
        Ok(self.i8()? != 0)
    }

    fn varint(&mut self) -> Result<u32, Malformed> {
        let mut value = 0u64;
        for shift in [0, 7, 14, 21, 28] {
            let [byte] = self.array()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return u32::try_from(value).map_err(|_| Malformed("a length is beyond 32 bits"));
            }
        }
        Err(Malformed("a length is beyond 32 bits"))
    }

    /// A length; `None` is null.
    fn length(&mut self, wide: bool) -> Result<Option<usize>, Malformed> {
        let length = match (self.form, wide) {
            (Form::Flexible, _) => i64::from(self.varint()?) - 1,
            (Form::Fixed, true) => i64::from(self.i32()?),
            (Form::Fixed, false) => i64::from(self.i16()?),
        };
        match length {
            -1 => Ok(None),
            length => usize::try_from(length).map(Some).map_err(|_| Malformed("a length is negative")),
        }
    }

    pub(super) fn nullable_text(&mut self) -> Result<Option<&'a str>, Malformed> {
        let Some(length) = self.length(false)? else { return Ok(None) };
        let text = str::from_utf8(self.bytes(length)?).map_err(|_| Malformed("a text is not UTF-8"))?;
        Ok(Some(text))
    }

    pub(super) fn text(&mut self) -> Result<&'a str, Malformed> {
        self.nullable_text()?.ok_or(Malformed("a text is null"))
    }

    pub(super) fn blob(&mut self) -> Result<&'a [u8], Malformed> {
        let length = self.length(true)?.ok_or(Malformed("bytes are null"))?;
        self.bytes(length)
    }

    /// The length of a list: no more than bytes are left, for each element has one at least.
    pub(super) fn list(&mut self) -> Result<usize, Malformed> {
        self.list_of(MOST_ELEMENTS)
    }

    /// The same of one that may be longer than others.
    pub(super) fn list_of(&mut self, most: usize) -> Result<usize, Malformed> {
        let length = self.length(true)?.unwrap_or(0);
        if length > self.rest.len() || length > most {
            return Err(Malformed("a list is longer than it can be"));
        }
        Ok(length)
    }

    /// A list of nodes.
    pub(super) fn nodes(&mut self) -> Result<Vec<BrokerId>, Malformed> {
        let mut nodes = Vec::new();
        for _ in 0..self.list()? {
            nodes.push(BrokerId(self.i32()?));
        }
        Ok(nodes)
    }

    /// A topic's name. Kafka takes no others; a name that was cut could hide another.
    pub(super) fn topic(&mut self) -> Result<&'a str, Malformed> {
        let name = self.text()?;
        let legal = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
        if legal && (1..=LONGEST_TOPIC).contains(&name.len()) {
            Ok(name)
        } else {
            Err(Malformed("a topic has no name"))
        }
    }

    pub(super) fn uuid(&mut self) -> Result<[u8; 16], Malformed> {
        self.array()
    }

    /// What newer versions may add to a structure; nothing in versions that are not flexible.
    pub(super) fn tags(&mut self) -> Result<(), Malformed> {
        if self.form == Form::Flexible {
            for _ in 0..self.varint()? {
                self.varint()?;
                let length = usize::try_from(self.varint()?).map_err(|_| Malformed("a length is beyond memory"))?;
                self.bytes(length)?;
            }
        }
        Ok(())
    }
}

/// A text from outside, fit for a message: short and printable.
pub(super) fn printable(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let shown = text.chars().take(MOST_CHARACTERS).map(|c| if c.is_control() { ' ' } else { c });
    shown.collect::<String>().trim().to_owned()
}
