//! The words that templates share with invites.

crate::words! {
    /// How the link reaches the person.
    pub enum Delivery {
        /// By mail.
        Email = "email",
        /// In a text message.
        Sms = "sms",
        /// Whoever made the invite hands it over.
        Link = "link",
    }
}

crate::words! {
    /// How whoever accepts must match what the invite was made for.
    pub enum Matching {
        /// They have the invited address.
        Strict = "strict",
        /// They have a verified address of one of its domains.
        Domain = "domain",
        /// They have the link.
        Bearer = "bearer",
    }
}

crate::words! {
    /// What invites are made out to.
    pub enum Identifier {
        /// A mail address.
        Email = "email",
        /// A phone number.
        Phone = "phone",
        /// Nothing: whoever has the link.
        None = "none",
    }
}
