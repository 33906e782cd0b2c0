//! Writes the bytes of a request.

use super::answer::Form;

/// Requests by Kafka's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i16)]
pub(super) enum ApiKey {
    Metadata = 3,
    SaslHandshake = 17,
    ApiVersions = 18,
    DescribeConfigs = 32,
    SaslAuthenticate = 36,
    ListPartitionReassignments = 46,
    DescribeQuorum = 55,
    DescribeCluster = 60,
}

/// What brokers log as our name.
const CLIENT_ID: &str = "kafka-privatelink-operator";

/// One request.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) api: ApiKey,
    pub(super) version: i16,
    pub(super) form: Form,
    body: Vec<u8>,
}

impl Request {
    pub(super) fn new(api: ApiKey, version: i16, form: Form) -> Self {
        Self { api, version, form, body: Vec::new() }
    }

    /// What goes over the wire.
    pub(super) fn frame(&self, correlation: i32) -> Vec<u8> {
        let mut head = Self::new(self.api, self.version, Form::Fixed)
            .i16(self.api as i16)
            .i16(self.version)
            .i32(correlation)
            .text(CLIENT_ID);
        head.form = self.form;
        let head = head.tags();
        let mut frame = written(head.body.len() + self.body.len()).to_be_bytes().to_vec();
        frame.extend(head.body);
        frame.extend(&self.body);
        frame
    }

    pub(super) fn i8(mut self, value: i8) -> Self {
        self.body.extend(value.to_be_bytes());
        self
    }

    pub(super) fn i16(mut self, value: i16) -> Self {
        self.body.extend(value.to_be_bytes());
        self
    }

    pub(super) fn i32(mut self, value: i32) -> Self {
        self.body.extend(value.to_be_bytes());
        self
    }

    pub(super) fn bool(self, value: bool) -> Self {
        self.i8(i8::from(value))
    }

    fn length(mut self, length: usize, wide: bool) -> Self {
        match self.form {
            Form::Flexible => {
                let mut left = written(length) + 1;
                while left > 0x7f {
                    self.body.push(u8::try_from(left & 0x7f).unwrap_or(0) | 0x80);
                    left >>= 7;
                }
                self.body.push(u8::try_from(left).unwrap_or(0));
                self
            }
            Form::Fixed if wide => self.i32(written(length)),
            Form::Fixed => self.i16(i16::try_from(length).unwrap_or(i16::MAX)),
        }
    }

    pub(super) fn list(self, length: usize) -> Self {
        self.length(length, true)
    }

    /// No list at all, by which some requests mean everything.
    pub(super) fn no_list(mut self) -> Self {
        match self.form {
            Form::Flexible => {
                self.body.push(0);
                self
            }
            Form::Fixed => self.i32(-1),
        }
    }

    /// At most 32,767 bytes: what is longer is cut, and refused by the broker.
    pub(super) fn text(self, text: &str) -> Self {
        let bytes = &text.as_bytes()[..text.len().min(32_767)];
        let mut this = self.length(bytes.len(), false);
        this.body.extend(bytes);
        this
    }

    pub(super) fn blob(self, bytes: &[u8]) -> Self {
        let mut this = self.length(bytes.len(), true);
        this.body.extend(bytes);
        this
    }

    pub(super) fn tags(mut self) -> Self {
        if self.form == Form::Flexible {
            self.body.push(0);
        }
        self
    }
}

/// Our own lengths are short.
fn written(length: usize) -> i32 {
    i32::try_from(length).unwrap_or(i32::MAX)
}
