namespace Kopis.Users.Lookup;

/// <summary>The questions that qmail-lookup takes, and their fields.</summary>
internal enum LookupKind : byte
{
    /// <summary>local part, domain, as qmail-lspawn gets them, and perhaps the address of the
    /// client: verdict; with that, the milliseconds that the client is to wait.</summary>
    Recipient = (byte)'R',

    /// <summary>account, sender: whether the one may send as the other, since it is an alias that
    /// goes to him.</summary>
    Sender = (byte)'A',

    /// <summary>address of the client, name, password: verdict, milliseconds to wait, account.
    /// </summary>
    Password = (byte)'P',

    /// <summary>As a password, of the dashboard: verdict, milliseconds to wait, account, the mark
    /// (<see cref="Holds"/>) of the record that was judged, and where there are readers a
    /// <see cref="Tickets.ReaderTicket"/>.</summary>
    Enter = (byte)'E',

    /// <summary>name: verdict, salt, iterations. Everybody has a salt.</summary>
    Salt = (byte)'S',

    /// <summary>address of the client, name, AuthMessage, ClientProof: as for a password, then the
    /// ServerSignature.</summary>
    Proof = (byte)'V',

    /// <summary>address of the client, name, the greeting's stamp, digest: as for a password.
    /// </summary>
    Digest = (byte)'D',

    /// <summary>address of the client, name or nothing, OAuth token: as for a password.</summary>
    Token = (byte)'T',

    /// <summary>account that an issuer named: yes; no where it is of a user who is locked.
    /// </summary>
    Unlocked = (byte)'U',

    /// <summary>account, its mark of before or nothing: yes, or no where a login of then holds no
    /// more; and its mark of now: <see cref="Logins.LoginMarks"/>.</summary>
    Holds = (byte)'H',

    /// <summary>account, its mark of <see cref="Enter"/>: yes and a
    /// <see cref="Settings.SettingsRight"/>, or no where that login holds no more.</summary>
    Right = (byte)'G',

    /// <summary>With one of those that log in: a yes has a <see cref="Tickets.ReaderTicket"/> as
    /// its last field.</summary>
    ForReader = 0x80,

    /// <summary>address of the client, name: whether another judge may be asked. Yes; No with the
    /// milliseconds that a refusal takes; Later with those after which to ask again.</summary>
    Leave = (byte)'L',

    /// <summary>address of the client, name, the verdict of a judge who was asked with leave: Yes
    /// with the milliseconds that a refusal takes.</summary>
    Outcome = (byte)'O',
}
