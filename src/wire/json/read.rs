//! From the tree to values. A struct is filled in place, member by member, through pointers, so that all structs share one
//! reader; what was only begun is dropped and never handed out.

use super::BadJson;
use super::parse::Json;
use crate::code::Words;
use alloc::rc::Rc;

/// What can be read from JSON.
pub trait FromJson {
    /// What stands in the value's place until it is read. Nobody sees it.
    #[doc(hidden)]
    fn blank() -> Self
    where
        Self: Sized;

    /// Becomes what `json` says.
    ///
    /// # Errors
    /// [`BadJson`] for another shape; what stands here then is of no use.
    fn read(&mut self, json: &Json) -> Result<(), BadJson>;
}

impl Json {
    /// The value.
    pub(crate) fn to<T: FromJson>(&self) -> Result<T, BadJson> {
        let mut value = T::blank();
        value.read(self)?;
        Ok(value)
    }

    /// The text.
    pub(crate) fn text(&self) -> Result<&str, BadJson> {
        match self {
            Self::Text(text) => Ok(text),
            _ => Err(BadJson),
        }
    }

    fn whole(&self) -> Result<u64, BadJson> {
        match self {
            Self::Whole(value) => Ok(*value),
            _ => Err(BadJson),
        }
    }

    /// The items, each without a name.
    fn list(&self) -> Result<&[(String, Self)], BadJson> {
        match self {
            Self::List(items) => Ok(items),
            _ => Err(BadJson),
        }
    }

    /// The item at this place of a list; nothing where there is none.
    #[cfg(feature = "js")]
    pub(crate) fn item(&self, place: usize) -> &Self {
        self.list().ok().and_then(|items| items.get(place)).map_or(&Self::Null, |(_, item)| item)
    }

    /// The one member of this name, if there is any.
    pub(crate) fn member(&self, name: &str) -> Result<Option<&Self>, BadJson> {
        let Self::Object(members) = self else { return Err(BadJson) };
        let mut found = None;
        for (known, value) in members {
            // Two readers of a doubled member could take two values for one.
            if known == name && found.replace(value).is_some() {
                return Err(BadJson);
            }
        }
        Ok(found)
    }

    /// Takes the one member of this name out of an object.
    pub(crate) fn take_member(&mut self, name: &str) -> Result<Option<Self>, BadJson> {
        self.member(name)?;
        let Self::Object(members) = self else { return Err(BadJson) };
        let place = members.iter().position(|(known, _)| known == name);
        Ok(place.map(|place| members.remove(place).1))
    }

    /// Fills a struct's members. `names` as in [`super::Writer::object`]; one with a `?` may be missing, and so may one
    /// that may be nothing. A `strict` object has no further members.
    pub(crate) fn object(&self, strict: bool, names: &str, members: &mut [&mut dyn FromJson]) -> Result<(), BadJson> {
        let Self::Object(held) = self else { return Err(BadJson) };
        let mut known = 0;
        for (name, member) in Words(names).zip(members) {
            let optional = name.strip_suffix("?");
            if let Some(value) = self.member(optional.unwrap_or(name))? {
                known += 1;
                member.read(value)?;
            } else if optional.is_none() {
                member.read(&Self::Null)?;
            }
        }
        if strict && known != held.len() { Err(BadJson) } else { Ok(()) }
    }

    #[cfg(any(feature = "js", feature = "js-verifier"))]
    /// The name of the first member that does not read, for who wrote the object: `None` if all of them do.
    pub(crate) fn bad_member<'n>(&self, names: &'n str, members: &mut [&mut dyn FromJson]) -> Option<&'n str> {
        for (name, member) in Words(names).zip(members) {
            if self.object(false, name, core::slice::from_mut(member)).is_err() {
                return Some(name.strip_suffix('?').unwrap_or(name));
            }
        }
        None
    }
}

impl FromJson for String {
    fn blank() -> Self {
        Self::new()
    }

    fn read(&mut self, json: &Json) -> Result<(), BadJson> {
        *self = json.text()?.into();
        Ok(())
    }
}

impl FromJson for bool {
    fn blank() -> Self {
        false
    }

    fn read(&mut self, json: &Json) -> Result<(), BadJson> {
        let Json::Bool(value) = json else { return Err(BadJson) };
        *self = *value;
        Ok(())
    }
}

impl FromJson for i64 {
    fn blank() -> Self {
        0
    }

    fn read(&mut self, json: &Json) -> Result<(), BadJson> {
        *self = match json {
            Json::Negative(value) => *value,
            json => json.whole()?.try_into().map_err(|_| BadJson)?,
        };
        Ok(())
    }
}

macro_rules! wholes {
    ($($type:ty)*) => {$(
        impl FromJson for $type {
            fn blank() -> Self {
                0
            }

            fn read(&mut self, json: &Json) -> Result<(), BadJson> {
                *self = json.whole()?.try_into().map_err(|_| BadJson)?;
                Ok(())
            }
        }
    )*};
}
wholes! { u8 u16 u32 u64 }

impl<T: FromJson> FromJson for Option<T> {
    fn blank() -> Self {
        None
    }

    fn read(&mut self, json: &Json) -> Result<(), BadJson> {
        match json {
            Json::Null => Ok(()),
            json => self.insert(T::blank()).read(json),
        }
    }
}

impl<T: FromJson> FromJson for Rc<T> {
    fn blank() -> Self {
        Self::new(T::blank())
    }

    fn read(&mut self, json: &Json) -> Result<(), BadJson> {
        Self::get_mut(self).ok_or(BadJson)?.read(json)
    }
}

impl<T: FromJson> FromJson for Vec<T> {
    fn blank() -> Self {
        Self::new()
    }

    fn read(&mut self, json: &Json) -> Result<(), BadJson> {
        read_items(self, json)
    }
}

/// A list that grows item by item. Through it all lists share one loop.
trait Items {
    /// A further item, to be read in place like a struct's member.
    fn further(&mut self) -> Option<&mut dyn FromJson>;
}

impl<T: FromJson> Items for Vec<T> {
    fn further(&mut self) -> Option<&mut dyn FromJson> {
        self.push(T::blank());
        self.last_mut().map(|item| item as &mut dyn FromJson)
    }
}

fn read_items(items: &mut dyn Items, json: &Json) -> Result<(), BadJson> {
    for (_, json) in json.list()? {
        items.further().ok_or(BadJson)?.read(json)?;
    }
    Ok(())
}

impl<const N: usize> FromJson for [u8; N] {
    fn blank() -> Self {
        [0; N]
    }

    fn read(&mut self, json: &Json) -> Result<(), BadJson> {
        let items = json.list()?;
        if items.len() != N {
            return Err(BadJson);
        }
        for (byte, (_, item)) in self.iter_mut().zip(items) {
            byte.read(item)?;
        }
        Ok(())
    }
}
