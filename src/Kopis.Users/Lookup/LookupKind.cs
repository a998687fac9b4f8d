namespace Kopis.Users.Lookup;

/// <summary>The questions to qmail-lookup. Each lists the fields of the question, and then those of
/// the answer.</summary>
internal enum LookupKind : byte
{
    /// <summary>Whether a recipient has a mailbox. Fields: local part and domain, as qmail-lspawn
    /// gets them; optionally the address of the client. Answer: the verdict; with a client's
    /// address also the milliseconds that the client has to wait.</summary>
    Recipient = (byte)'R',

    /// <summary>Whether an account may send as an address that is an alias for it. Fields: account,
    /// sender. Answer: the verdict.</summary>
    Sender = (byte)'A',

    /// <summary>Checks a password. Fields: address of the client, name, password. Answer: the
    /// verdict, milliseconds to wait, account.</summary>
    Password = (byte)'P',

    /// <summary>Checks a password for the dashboard. Fields as for a password. Answer: the verdict,
    /// milliseconds to wait, account, the mark (<see cref="Holds"/>) of the record that was
    /// checked; if there are readers, also a <see cref="Tickets.ReaderTicket"/>.</summary>
    Enter = (byte)'E',

    /// <summary>The salt for SCRAM. Field: name. Answer: the verdict, salt, iterations. Unknown
    /// names have a salt, too.</summary>
    Salt = (byte)'S',

    /// <summary>Checks a proof of SCRAM. Fields: address of the client, name, AuthMessage,
    /// ClientProof. Answer: as for a password, then the ServerSignature.</summary>
    Proof = (byte)'V',

    /// <summary>Checks a digest of APOP. Fields: address of the client, name, stamp of the
    /// greeting, digest. Answer: as for a password.</summary>
    Digest = (byte)'D',

    /// <summary>Checks an OAuth token. Fields: address of the client, name or nothing, token.
    /// Answer: as for a password.</summary>
    Token = (byte)'T',

    /// <summary>Whether an account that an issuer named may log in. Field: account. Answer: yes; no
    /// if it is that of a locked user.</summary>
    Unlocked = (byte)'U',

    /// <summary>Whether an earlier login is still valid. Fields: account, its last mark or nothing.
    /// Answer: yes or no, and the account's current mark (<see cref="Logins.LoginMarks"/>).
    /// </summary>
    Holds = (byte)'H',

    /// <summary>Asks for the right to change settings. Fields: account, its mark from
    /// <see cref="Enter"/>. Answer: yes and a <see cref="Settings.SettingsRight"/>; no if the login
    /// is no longer valid.</summary>
    Right = (byte)'G',

    /// <summary>Added to a question that logs in: with a yes, the last field of the answer is a
    /// <see cref="Tickets.ReaderTicket"/>.</summary>
    ForReader = 0x80,

    /// <summary>Whether a login may be checked by another backend. Fields: address of the client,
    /// name. Answer: Yes; No with the milliseconds by which to delay the refusal; Later with the
    /// milliseconds after which to ask again.</summary>
    Leave = (byte)'L',

    /// <summary>Reports the result of such a check. Fields: address of the client, name, verdict of
    /// the backend. Answer: Yes with the milliseconds by which to delay a refusal.</summary>
    Outcome = (byte)'O',
}
