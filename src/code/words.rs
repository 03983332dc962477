//! Lists of words as one text: half as large in the page's module as a table of pointers and lengths.

/// The words of a list with one space between them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Words<'a>(pub(crate) &'a str);

impl<'a> Words<'a> {
    /// Which of the words this is.
    pub(crate) fn place(mut self, wanted: &str) -> Option<usize> {
        self.position(|word| word == wanted)
    }

    /// The word at this place; none beyond the list's end.
    pub(crate) fn at(mut self, place: usize) -> &'a str {
        self.nth(place).unwrap_or_default()
    }
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a str;

    // By bytes: the library's splitters know every separator there is.
    fn next(&mut self) -> Option<&'a str> {
        let end = self.0.bytes().position(|byte| byte == b' ').unwrap_or(self.0.len());
        let word = self.0.get(..end).filter(|word| !word.is_empty())?;
        self.0 = self.0.get(end + 1..).unwrap_or_default();
        Some(word)
    }
}
