namespace Kopis.Mail.Pop3;

/// <summary>The words of RFC 1939, 2449, 2595, 5034 and 6856, and <c>LAST</c> of RFC 1460.
/// </summary>
internal enum Pop3Verb
{
    Unknown,
    User,
    Pass,
    Apop,
    Auth,
    Stls,
    Capa,
    Noop,
    Quit,
    Stat,
    List,
    Uidl,
    Dele,
    Retr,
    Top,
    Rset,
    Last,
    Utf8,
}
