namespace Kopis.Mail.Dsn;

/// <summary>Names of the classes of failure (docs/SENDING.md): with hyphens in control files,
/// without in records.</summary>
public static class BounceClassNames
{
    /// <summary>By number.</summary>
    private static readonly string[] Names =
    [
        "none", "bad-mailbox", "inactive-mailbox", "bad-domain", "quota", "policy",
        "spam-content", "authentication", "greylisted", "rate-limited", "connection-failed",
        "tls-failed", "protocol", "size", "relay-denied", "dns", "loop", "login-refused",
        "server-trouble", "local", "form", "unknown",
    ];

    /// <summary>How many classes there are.</summary>
    public static int Count => Names.Length;

    /// <summary>As the journal's records have them, by number.</summary>
    public static IReadOnlyList<string> OfRecords { get; } =
        [.. Names.Select(name => name.Replace("-", "", StringComparison.Ordinal))];

    /// <summary>The class of a word in lower case; null where it is none of a failure.</summary>
    public static BounceClass? Find(string word) =>
        Array.IndexOf(Names, word) is > 0 and int number ? (BounceClass)number : null;
}
